//! The lessons that the page carries.

use brokerscope_scenario::Scenario;

/// A lesson, read and checked when the page was built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lesson {
    /// What it is called in links.
    pub(crate) name: &'static str,
    /// Its title.
    pub(crate) title: &'static str,
    /// The group of lessons in which it stands; those of a group stand together.
    pub(crate) group: &'static str,
    /// Its acts, at least one.
    pub(crate) acts: &'static [Act],
}

/// One run of a lesson.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act {
    /// What is tried in it; empty in a lesson that is one run.
    pub(crate) title: &'static str,
    /// The whole of it, see [`Scenario::pack`].
    packed: &'static [u8],
}

/// All of them, in the order in which they are shown.
pub(crate) const LESSONS: &[Lesson] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

impl Act {
    /// The scenario.
    pub(crate) fn scenario(&self) -> Scenario {
        Scenario::unpack(self.packed).expect("because the build script has unpacked it too")
    }
}
