//! Keys, wherever the focus is in the page.

use super::Page;
use crate::browser;
use crate::keys::{Focus, Press, wanted};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};

impl Page {
    /// Does what keys ask for from now on.
    pub(crate) fn listen_to_keys(&self) {
        let page = self.clone();
        browser::listen(&browser::document(), "keydown", move |event: KeyboardEvent| {
            if event.default_prevented() || page.0.session.borrow().has_panel() {
                return;
            }
            let key = event.key();
            let press = Press {
                key: &key,
                shift: event.shift_key(),
                foreign: event.ctrl_key() || event.alt_key() || event.meta_key(),
            };
            let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
            let focus = target.map_or(Focus::Else, |it| focus_on(&it));
            if let Some(action) = wanted(press, focus) {
                event.prevent_default();
                page.act(action);
            }
        });
    }
}

/// What kind of element has the focus.
fn focus_on(element: &Element) -> Focus {
    match element.tag_name().as_str() {
        "INPUT" => {
            let input: &HtmlInputElement = element.unchecked_ref();
            match input.type_().as_str() {
                "range" => Focus::Else,
                "checkbox" => Focus::Button,
                _ => Focus::Typing,
            }
        }
        "TEXTAREA" | "SELECT" => Focus::Typing,
        "BUTTON" | "A" | "SUMMARY" => Focus::Button,
        _ => Focus::Else,
    }
}
