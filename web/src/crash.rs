//! What is left of the page when its program ends by a mistake of ours: one sentence, and a link
//! that makes it happen again.

use crate::address::Query;
use crate::{browser, words};
use brokerscope_core::sim::SimTime;
use std::cell::RefCell;
use std::panic::PanicHookInfo;
use wasm_bindgen::prelude::*;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(message: &str);
}

/// Remembers where the page is, should it be the last thing it does.
pub(crate) fn remember((lesson, act): (&str, usize), at: SimTime) {
    LAST.with(|last| {
        // Whoever holds it is in the middle of a crash.
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = Query::of(lesson, act, Some(at), None);
        }
    });
}

/// Shows what is left.
pub(crate) fn show(info: &PanicHookInfo<'_>) {
    error(&info.to_string());
    let document = browser::document();
    let (Some(body), Ok(main)) = (document.body(), document.create_element("main")) else {
        return;
    };
    let (Ok(sentence), Ok(link)) = (document.create_element("p"), document.create_element("a"))
    else {
        return;
    };
    body.set_text_content(None);
    sentence.set_text_content(Some(words::BROKEN));
    link.set_text_content(Some(words::BROKEN_LINK));
    let query = LAST.with(|last| last.try_borrow().map(|it| it.clone()).unwrap_or_default());
    let told = [
        main.set_attribute("role", "alert").is_ok(),
        main.set_attribute("class", "page").is_ok(),
        link.set_attribute("href", &query).is_ok(),
        sentence.append_child(&link).is_ok(),
        main.append_child(&sentence).is_ok(),
        body.append_child(&main).is_ok(),
    ];
    if told.contains(&false) {
        body.set_text_content(Some(words::BROKEN));
    }
}
