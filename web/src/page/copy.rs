//! Copies a configuration of clients.

use super::Page;
use crate::browser;
use crate::components::card::configuration_id;
use crate::session::Action;
use wasm_bindgen_futures::spawn_local;

impl Page {
    /// Copies the configuration at that place, or selects it where the browser refuses.
    pub(crate) fn copy_configuration(&self, place: usize) {
        let Some(node) = browser::document().get_element_by_id(&configuration_id(place)) else {
            return;
        };
        let page = self.clone();
        spawn_local(async move {
            let text = node.text_content().unwrap_or_default();
            let is_copied = browser::copy(&text).await;
            if !is_copied {
                browser::select(&node);
            }
            page.act(Action::Copied(place, is_copied));
        });
    }
}
