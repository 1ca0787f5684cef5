//! What is folded from the facts of one system while it runs: the ledger, the beats that were
//! said, the marks. Nothing here writes text.

use super::beats::Said;
use super::fact::Told;
use super::marks::Marks;
use brokerscope_core::sim::{SimTime, System, Watcher};
use brokerscope_core::weight::Weight;

/// What is folded from the facts of one system.
#[derive(Clone, Debug)]
pub(crate) struct Watch<L> {
    pub(super) ledger: L,
    pub(super) said: Said,
    pub(super) marks: Marks,
}

impl<L> Watch<L> {
    pub(super) fn new(ledger: L, said: Said) -> Self {
        Self { ledger, said, marks: Marks::default() }
    }
}

impl<S: System<Fact: Told>, L: Watcher<S>> Watcher<S> for Watch<L> {
    fn watch(&mut self, at: SimTime, fact: &S::Fact) {
        self.ledger.watch(at, fact);
        self.said.hear(at, fact);
        match fact.weight() {
            Weight::Turn(mark) => self.marks.hear(at, mark),
            Weight::Seen | Weight::Detail => {}
        }
    }
}
