//! The page. A placeholder until the page's author replaces it.

use wasm_bindgen::JsCast;
use yew::prelude::*;

#[component]
fn App() -> Html {
    html! { <main><h1>{ "Brokerscope" }</h1><p>{ "The page is being built." }</p></main> }
}

fn main() {
    let document = web_sys::window().and_then(|w| w.document()).expect("a page has a document");
    let root = document.get_element_by_id("app").expect("index.html holds #app");
    yew::Renderer::<App>::with_root(root).render();
    let html = document.document_element().expect("a document has a root");
    let html = html.dyn_into::<web_sys::HtmlElement>().expect("the root is <html>");
    html.dataset().set("ready", "true").expect("data attributes can be set");
}
