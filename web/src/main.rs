//! The page: it shows a run of both systems, and lets a person break and rewind it.
//!
//! `session` remembers and decides, without a browser. `view` makes plain data of it for each part
//! of the page, `components` draw that data, `page` runs the frames and asks the browser.

mod address;
mod app;
mod browser;
mod components;
mod crash;
mod data;
mod keys;
mod lessons;
mod measure;
mod page;
mod painter;
mod session;
mod view;
mod words;

use crate::page::Page;
use crate::session::{Session, Setting};

fn main() {
    yew::set_custom_panic_hook(Box::new(crash::show));
    let is_framed = browser::is_framed();
    if is_framed {
        browser::tell("framed", Some("true"));
    }
    let session = Session::new(
        &browser::query(),
        Setting { is_framed, motion: page::motion(), theme: browser::theme() },
    );
    let root = browser::document().get_element_by_id("app").expect("index.html holds #app");
    // The text that was there while the program was loading makes room.
    root.set_text_content(None);
    let props = app::Props { page: Page::new(session) };
    yew::Renderer::<app::App>::with_root_and_props(root, props).render();
}
