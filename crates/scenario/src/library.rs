//! The scenarios that are built in.

use crate::error::Error;
use crate::scenario::Scenario;
use brokerscope_core::settings::nearest;

/// A scenario that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What it is called in links and on the command line.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The question it asks.
    pub question: &'static str,
    /// The whole of it, as JSON of the shape of a scenario file.
    pub json: &'static str,
}

/// All of them, in the order in which they are shown.
pub const LESSONS: &[Lesson] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

impl Lesson {
    /// The lesson with that name.
    ///
    /// # Errors
    /// If there is none; the error names the nearest.
    pub fn named(name: &str) -> Result<&'static Self, Error> {
        LESSONS.iter().find(|it| it.name == name).ok_or_else(|| {
            let nearest = nearest(name, LESSONS.iter().map(|it| it.name)).unwrap_or_default();
            let what = format!("there is no scenario '{name}'; the nearest is '{nearest}'");
            Error::new("", None, what)
        })
    }

    /// The scenario.
    ///
    /// # Panics
    /// Never: a test loads every one of them.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        match Scenario::from_json(self.name, self.json) {
            Ok(scenario) => scenario,
            Err(wrong) => panic!("the scenarios that are built in are right: {wrong}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_can_be_loaded() {
        assert!(!LESSONS.is_empty(), "there is something to show");
        for lesson in LESSONS {
            assert_eq!(lesson.scenario().title, lesson.title);
            assert_eq!(Lesson::named(lesson.name), Ok(lesson));
        }
        let told = Lesson::named("crash-before-comit").unwrap_err().to_string();
        let near = "the nearest is 'crash-before-commit'";
        assert_eq!(told, format!("there is no scenario 'crash-before-comit'; {near}"));
    }
}
