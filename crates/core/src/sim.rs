//! Time, chance, order, and travel through a run. Knows neither broker.
//!
//! The kernel is small: a [`World`] holds a [`System`], the queue of what is due and the random
//! streams, and a [`Timeline`] lets one look at a world at any instant and change it there.

pub mod events;
pub mod hash;
pub mod link;
pub mod rng;
pub mod shelf;
pub mod time;
pub mod timeline;
pub mod world;

pub use events::EventQueue;
pub use hash::TraceHash;
pub use link::{Delivery, Link};
pub use rng::{Rng, Seeds};
pub use shelf::Shelf;
pub use time::{SimDuration, SimTime};
pub use timeline::{Cursor, Timeline};
pub use world::{Cx, System, Watcher, World};
