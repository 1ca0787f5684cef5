//! Pictures as data: from the state of both systems and an instant to a display list, and from
//! the display list to SVG.
//!
//! [`picture`] is a pure function of a [`Scene`]. Its [`Picture`] holds what to draw in drawing
//! order, in tones rather than colours, and the places that can be chosen. A painter looks up each
//! tone in a [`Palette`]; [`svg::write`] is one such painter.
//!
//! Nothing here knows a page, a float or a clock, and nothing remembers: whatever moves is where
//! the instant puts it.
#![deny(clippy::float_arithmetic)]
#![warn(missing_docs)]

pub mod item;
pub mod svg;
pub mod tone;
pub mod unit;

mod card;
mod cell;
mod flight;
mod kafka;
mod legend;
mod machine;
mod metrics;
mod picture;
mod places;
mod producer;
mod rabbitmq;
mod scene;
mod sheet;
mod words;

pub use kafka::standing_of_broker;
pub use metrics::cells_that_fit;
pub use picture::{picture, sentence};
pub use rabbitmq::{binding_words, consumer_words, queue_words, slot_words};
pub use scene::{Hit, Lane, Motion, Options, Picture, Scene, Target};
pub use tone::{Palette, Tone};
pub use words::count;
