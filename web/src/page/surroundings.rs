//! What the page notices of its surroundings: how wide it is, which colours are wanted, whether
//! things may move, whether anybody can see it.

use super::Page;
use crate::browser;
use crate::session::Action;
use brokerscope_stage::Motion;
use wasm_bindgen::prelude::*;
use web_sys::{Event, IntersectionObserver, IntersectionObserverEntry, ResizeObserver};

/// What other colours are wanted for.
const COLOURS: [&str; 2] = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];

/// Whether less should move.
const REDUCED_MOTION: &str = "(prefers-reduced-motion: reduce)";

/// Whether things may move.
pub(crate) fn motion() -> Motion {
    if browser::matches(REDUCED_MOTION) { Motion::Reduced } else { Motion::Full }
}

impl Page {
    /// Notices changes from now on.
    pub(super) fn watch_surroundings(&self) {
        self.watch_width();
        for query in COLOURS {
            let page = self.clone();
            self.watch_media(query, move || page.restyle());
        }
        let page = self.clone();
        self.watch_media(REDUCED_MOTION, move || {
            page.act(Action::Motion(motion()));
        });
        let page = self.clone();
        browser::listen(&browser::window(), "resize", move |_: Event| page.measure_canvas());
        if self.0.session.borrow().is_framed() {
            self.watch_visibility();
        }
    }

    /// Paints with the colours that are wanted now.
    pub(super) fn restyle(&self) {
        if let Some(painter) = &mut *self.0.painter.borrow_mut() {
            painter.set_look(browser::look());
        }
        self.paint();
    }

    /// Makes the picture as wide as its place on the page.
    pub(super) fn measure_canvas(&self) {
        let width = self
            .0
            .painter
            .borrow()
            .as_ref()
            .and_then(|painter| Some(painter.canvas().parent_element()?.client_width()));
        let Some(width_px) = width.filter(|width| 0 < *width) else { return };
        if self.0.session.borrow_mut().resize(u16::try_from(width_px).unwrap_or(u16::MAX)) {
            self.paint();
            self.refresh();
        } else {
            // The density of the screen may have changed.
            self.paint();
        }
    }

    fn watch_media(&self, query: &str, changed: impl Fn() + 'static) {
        if let Ok(Some(media)) = browser::window().match_media(query) {
            browser::listen(&media, "change", move |_: Event| changed());
            // Some browsers forget a list that nobody holds, and its listeners with it.
            std::mem::forget(media);
        }
    }

    fn watch_width(&self) {
        let page = self.clone();
        let changed = Closure::<dyn FnMut()>::new(move || page.measure_canvas());
        let observer = ResizeObserver::new(changed.as_ref().unchecked_ref());
        changed.forget();
        let painter = self.0.painter.borrow();
        let place = painter.as_ref().and_then(|painter| painter.canvas().parent_element());
        if let (Ok(observer), Some(place)) = (observer, place) {
            observer.observe(&place);
        }
    }

    /// In another page the clock stands still while nobody can see it.
    fn watch_visibility(&self) {
        let page = self.clone();
        let changed = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let last: IntersectionObserverEntry =
                entries.get(entries.length() - 1).unchecked_into();
            page.0.is_seen.set(last.is_intersecting());
            page.explore_ahead();
            page.run();
        });
        let observer = IntersectionObserver::new(changed.as_ref().unchecked_ref());
        changed.forget();
        if let (Ok(observer), Some(painter)) = (observer, &*self.0.painter.borrow()) {
            self.0.is_seen.set(false);
            observer.observe(painter.canvas());
        }
    }
}
