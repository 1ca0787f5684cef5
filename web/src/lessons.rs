//! The lessons that the page carries.

use brokerscope_scenario::Scenario;

/// A lesson, read and checked when the page was built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lesson {
    /// What it is called in links.
    pub(crate) name: &'static str,
    /// Its title.
    pub(crate) title: &'static str,
    /// The whole of it, see [`Scenario::pack`].
    packed: &'static [u8],
}

/// All of them, in the order in which they are shown.
pub(crate) const LESSONS: &[Lesson] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

impl Lesson {
    /// The scenario.
    pub(crate) fn scenario(&self) -> Scenario {
        Scenario::unpack(self.packed).expect("because the build script has unpacked it too")
    }
}
