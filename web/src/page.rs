//! What runs the page: one loop of frames while it plays, and what follows from every action.
//!
//! The page owns the session. Components read from it at a human rate, through [`Views`]; the
//! canvas is painted from it in every frame. While the clock stands there is no frame and no timer.

mod address_bar;
mod copy;
mod keyboard;
mod loading;
mod surroundings;
mod voice;

use crate::browser;
use crate::measure;
use crate::painter::Painter;
use crate::session::{Action, Session, Views};
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlCanvasElement, HtmlInputElement};
use yew::prelude::*;

pub(crate) use surroundings::motion;

/// How often components are told of a running clock: ten times a second.
const REFRESH_MS: f64 = 100.0;

/// The longest step of a frame. After a longer pause (a hidden tab, a slow machine) the clock goes
/// on where it was.
const LONGEST_FRAME_MS: f64 = 100.0;

/// How long a slice of work without a frame may take.
const SLICE_MS: f64 = 8.0;

/// How many events are explored between two looks at the clock.
const SLICE_EVENTS: u64 = 500;

/// What the browser calls for every frame, with its time in milliseconds.
type OnFrame = Closure<dyn FnMut(f64)>;

/// The page. Copies are the same page.
#[derive(Clone)]
pub(crate) struct Page(Rc<Inner>);

struct Inner {
    session: RefCell<Session>,
    painter: RefCell<Option<Painter>>,
    /// Told of every new [`Views`].
    watcher: RefCell<Option<Callback<Rc<Views>>>>,
    /// The line of time, whose thumb moves with every frame.
    scrubber: NodeRef,
    /// Where it is said what happens.
    voice: voice::Voice,
    frames: RefCell<Option<OnFrame>>,
    /// Whether a frame is on its way.
    is_due: Cell<bool>,
    /// When the last frame was, while the clock runs.
    last_frame_ms: Cell<Option<f64>>,
    last_refresh_ms: Cell<f64>,
    /// Whether anybody can see it. A lesson in another page stands still while nobody can.
    is_seen: Cell<bool>,
    /// Whether the run is being explored ahead.
    exploring: RefCell<Option<Timeout>>,
    address: RefCell<Option<Timeout>>,
    loading: RefCell<loading::Loading>,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Page")
    }
}

impl PartialEq for Page {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Page {
    /// The page of `session`.
    pub(crate) fn new(session: Session) -> Self {
        let page = Self(Rc::new(Inner {
            session: RefCell::new(session),
            painter: RefCell::default(),
            watcher: RefCell::default(),
            scrubber: NodeRef::default(),
            voice: voice::Voice::default(),
            frames: RefCell::default(),
            is_due: Cell::new(false),
            last_frame_ms: Cell::new(None),
            last_refresh_ms: Cell::new(0.0),
            is_seen: Cell::new(true),
            exploring: RefCell::default(),
            address: RefCell::default(),
            loading: RefCell::default(),
        }));
        let frames = {
            let page = page.clone();
            Closure::new(move |timestamp_ms| page.frame(timestamp_ms))
        };
        page.0.frames.replace(Some(frames));
        page
    }

    /// The line of time, for the component that draws it.
    pub(crate) fn scrubber(&self) -> NodeRef {
        self.0.scrubber.clone()
    }

    /// Where it is said what happens, for the component that holds it.
    pub(crate) fn voice(&self) -> NodeRef {
        self.0.voice.node()
    }

    /// What there is to show.
    pub(crate) fn views(&self) -> Rc<Views> {
        let mut session = self.0.session.borrow_mut();
        let data = self.0.loading.borrow().view(session.has_own_data());
        Rc::new(session.views(data))
    }

    /// Tells `watcher` whenever there is something else to show.
    pub(crate) fn watch(&self, watcher: Callback<Rc<Views>>) {
        self.0.watcher.replace(Some(watcher));
    }

    /// Does what was asked for, and shows what came of it.
    pub(crate) fn act(&self, action: Action) {
        if let Action::Theme(theme) = action {
            browser::set_theme(theme);
            self.restyle();
        }
        if action == Action::OpenData {
            let (client, partitions) = self.0.session.borrow().placing();
            self.ask_place(|place| {
                (place.client, place.partitions) = (client, Some(partitions));
            });
        }
        let moves_to_stage =
            matches!(action, Action::ShowMe(_) | Action::Act(_) | Action::Lesson(_));
        self.0.session.borrow_mut().apply(action);
        self.changed();
        if moves_to_stage {
            browser::scroll_to_top();
        }
    }

    /// Paints on `canvas` from now on; the page is ready with its first picture.
    pub(crate) fn paint_on(&self, canvas: HtmlCanvasElement) {
        self.0.painter.replace(Painter::new(canvas, browser::look()));
        self.watch_surroundings();
        self.measure_canvas();
        self.changed();
        browser::tell("ready", Some("true"));
    }

    /// Something is otherwise than before: paints, tells, and goes on if the clock runs.
    fn changed(&self) {
        self.paint();
        self.refresh();
        self.explore_ahead();
        self.run();
        self.write_address();
    }

    /// Asks for a frame if the clock runs and somebody looks.
    fn run(&self) {
        if !self.0.session.borrow().is_playing() || !self.0.is_seen.get() {
            self.0.last_frame_ms.set(None);
            return;
        }
        if self.0.is_due.get() {
            return;
        }
        if let Some(frames) = &*self.0.frames.borrow() {
            let asked = browser::window().request_animation_frame(frames.as_ref().unchecked_ref());
            self.0.is_due.set(asked.is_ok());
        }
    }

    /// One frame: the simulation moves on, then it is painted.
    fn frame(&self, timestamp_ms: f64) {
        self.0.is_due.set(false);
        if !self.0.session.borrow().is_playing() {
            return;
        }
        measure::begin();
        let last_ms = self.0.last_frame_ms.replace(Some(timestamp_ms)).unwrap_or(timestamp_ms);
        let elapsed_ms = (timestamp_ms - last_ms).clamp(0.0, LONGEST_FRAME_MS);
        self.0.session.borrow_mut().advance(micros(elapsed_ms));
        measure::simulated();
        self.paint();
        measure::painted();
        if !self.0.session.borrow().is_playing() {
            self.changed();
            return;
        }
        if timestamp_ms - self.0.last_refresh_ms.get() >= REFRESH_MS {
            self.0.last_refresh_ms.set(timestamp_ms);
            self.refresh();
        }
        self.run();
    }

    /// Paints the picture of the present instant.
    fn paint(&self) {
        let mut session = self.0.session.borrow_mut();
        let picture = session.picture();
        if let Some(painter) = &mut *self.0.painter.borrow_mut() {
            painter.paint(picture, browser::window().device_pixel_ratio());
        }
        if let Some(scrubber) = self.0.scrubber.cast::<HtmlInputElement>() {
            let (now_ms, past) = session.place_on_line();
            scrubber.set_value(&now_ms.to_string());
            drop(scrubber.style().set_property("--past", &past.to_string()));
        }
    }

    /// Tells the components, those who listen, and the tests.
    fn refresh(&self) {
        {
            let session = self.0.session.borrow();
            crate::crash::remember(session.lesson_and_act(), session.now());
            if session.is_playing() {
                browser::tell("hash", None);
            } else {
                browser::tell("hash", Some(&format!("{:016x}", session.hash())));
            }
            self.speak(session.spoken());
        }
        let watcher = self.0.watcher.borrow().clone();
        if let Some(watcher) = watcher {
            watcher.emit(self.views());
        }
    }

    /// Explores the run to its end in slices, so that its turns can be marked on the line of time.
    fn explore_ahead(&self) {
        let idle = self.0.exploring.borrow().is_none();
        if !idle || !self.0.is_seen.get() || self.0.session.borrow().is_explored() {
            return;
        }
        let page = self.clone();
        let slice = Timeout::new(0, move || {
            page.0.exploring.take();
            let explored = work(|| page.0.session.borrow_mut().explore(SLICE_EVENTS));
            if explored {
                page.refresh();
            } else {
                page.explore_ahead();
            }
        });
        self.0.exploring.replace(Some(slice));
    }
}

/// Repeats `step` until it is done or the slice is over; true if it is done.
fn work(mut step: impl FnMut() -> bool) -> bool {
    let until_ms = browser::now_ms() + SLICE_MS;
    loop {
        if step() {
            return true;
        }
        if until_ms <= browser::now_ms() {
            return false;
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 100 ms")]
fn micros(ms: f64) -> u64 {
    (ms * 1_000.0) as u64
}
