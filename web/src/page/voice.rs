//! Says what happens to those who hear the page, no faster than one can listen.

use super::Page;
use gloo_timers::callback::Timeout;
use std::cell::RefCell;
use yew::prelude::*;

/// How long the page waits before it speaks: until then only the latest counts.
const REST_MS: u32 = 600;

/// A polite live region.
#[derive(Debug, Default)]
pub(super) struct Voice {
    node: NodeRef,
    said: RefCell<String>,
    pending: RefCell<Option<(Timeout, String)>>,
}

impl Voice {
    /// The element that is spoken.
    pub(super) fn node(&self) -> NodeRef {
        self.node.clone()
    }
}

impl Page {
    /// Says `sentence` in a moment, unless it was said last or something else follows.
    pub(super) fn speak(&self, sentence: String) {
        let voice = &self.0.voice;
        if *voice.said.borrow() == sentence {
            return;
        }
        if let Some((_, pending)) = &mut *voice.pending.borrow_mut() {
            *pending = sentence;
            return;
        }
        let page = self.clone();
        let timer = Timeout::new(REST_MS, move || {
            let voice = &page.0.voice;
            let Some((_, sentence)) = voice.pending.take() else { return };
            if let Some(node) = voice.node.get() {
                node.set_text_content(Some(&sentence));
            }
            voice.said.replace(sentence);
        });
        voice.pending.replace(Some((timer, sentence)));
    }
}
