//! The browser, as far as the page asks it for something. What a sandboxed frame refuses is as if
//! it were not there.

use crate::address::Query;
use crate::painter::Look;
use crate::view::header::Theme;
use wasm_bindgen::prelude::*;
use web_sys::{Clipboard, Document, HtmlElement, UrlSearchParams, Window};

/// Where a chosen theme is kept; `boot.js` reads it before the first paint.
const THEME_KEY: &str = "brokerscope.theme";

/// The window.
pub(crate) fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

/// The document.
pub(crate) fn document() -> Document {
    window().document().expect("a window has a document")
}

/// The `<html>` element, which tells the style sheet and the tests how the page is.
pub(crate) fn root() -> HtmlElement {
    let root = document().document_element().expect("a document has a root");
    root.unchecked_into()
}

/// Sets or removes a data attribute of the root.
pub(crate) fn tell(name: &str, value: Option<&str>) {
    let told = root().dataset();
    match value {
        // Setting a data attribute fails for names with capitals after a hyphen only.
        Some(value) => drop(told.set(name, value)),
        None => told.delete(name),
    }
}

/// What the address asks for.
pub(crate) fn query() -> Query {
    let search = window().location().search().unwrap_or_default();
    let Ok(asked) = UrlSearchParams::new_with_str(&search) else { return Query::default() };
    Query {
        scenario: asked.get("scenario"),
        act: asked.get("act"),
        at: asked.get("at"),
        theme: asked.get("theme"),
    }
}

/// Says in the address bar where the page is. Refused where there is no history to write.
pub(crate) fn replace_query(query: &str) {
    if let Ok(history) = window().history() {
        drop(history.replace_state_with_url(&JsValue::NULL, "", Some(query)));
    }
}

/// Whether the page is inside another one.
pub(crate) fn is_framed() -> bool {
    let window = window();
    match window.top() {
        Ok(Some(top)) => !js_sys::Object::is(&top, &window),
        // Who may not look at the top is not at the top.
        Ok(None) | Err(_) => true,
    }
}

/// Whether a media query holds.
pub(crate) fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|media| media.matches())
}

/// The colours to paint with.
pub(crate) fn look() -> Look {
    if matches("(forced-colors: active)") {
        return Look::Forced;
    }
    let is_dark = match theme() {
        Theme::Auto => matches("(prefers-color-scheme: dark)"),
        Theme::Light => false,
        Theme::Dark => true,
    };
    if is_dark { Look::Dark } else { Look::Light }
}

/// The theme that was chosen, here or before.
pub(crate) fn theme() -> Theme {
    root().dataset().get("theme").map_or(Theme::Auto, |name| Theme::named(&name))
}

/// Chooses a theme, and keeps the choice if there is a place for it.
pub(crate) fn set_theme(theme: Theme) {
    let (told, schemes) = match theme {
        Theme::Auto => (None, "light dark"),
        Theme::Light | Theme::Dark => (Some(theme.name()), theme.name()),
    };
    tell("theme", told);
    if let Ok(Some(meta)) = document().query_selector("meta[name=\"color-scheme\"]") {
        drop(meta.set_attribute("content", schemes));
    }
    if let Ok(Some(storage)) = window().local_storage() {
        drop(match told {
            Some(name) => storage.set_item(THEME_KEY, name),
            None => storage.remove_item(THEME_KEY),
        });
    }
}

/// To the beginning of the page, where the picture is.
pub(crate) fn scroll_to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Milliseconds since the page was opened.
pub(crate) fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Calls `heard` whenever `target` tells of an event, as long as the page is there.
pub(crate) fn listen<E>(target: &web_sys::EventTarget, name: &str, heard: impl FnMut(E) + 'static)
where
    E: wasm_bindgen::convert::FromWasmAbi + 'static,
{
    let heard = Closure::<dyn FnMut(E)>::new(heard);
    // A browser that does not know the event never tells of it.
    drop(target.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref()));
    heard.forget();
}

/// Gives the browser time for others.
pub(crate) async fn breathe() {
    let pause = js_sys::Promise::new(&mut |resolve, _| {
        drop(window().set_timeout_with_callback(&resolve));
    });
    drop(wasm_bindgen_futures::JsFuture::from(pause).await);
}

/// Copies a text; false where that is refused, or where there is nothing to copy to.
pub(crate) async fn copy(text: &str) -> bool {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
    // Where the page came over an insecure connection there is none.
    let Some(clipboard) = clipboard.ok().filter(JsValue::is_object) else { return false };
    let clipboard: Clipboard = clipboard.unchecked_into();
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

/// Selects the text of a node, so that the person can copy it.
pub(crate) fn select(node: &web_sys::Node) {
    if let Ok(Some(selection)) = window().get_selection() {
        // A node of the document can be selected.
        drop(selection.select_all_children(node));
    }
}
