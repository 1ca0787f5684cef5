//! The scenarios that are built in.

use crate::error::Error;
use crate::file::first;
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
    /// The group of lessons in which it stands.
    pub group: &'static str,
    /// The titles of its acts; none if it has no acts of its own.
    pub acts: &'static [&'static str],
    /// The whole of it, as JSON of the shape of a scenario file.
    pub json: &'static str,
}

/// All of them, in the order in which they are shown: those of a group one after the other.
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

    /// The lesson after this one.
    #[must_use]
    pub fn next(&self) -> Option<&'static Self> {
        let place = LESSONS.iter().position(|it| it.name == self.name)?;
        LESSONS.get(place + 1)
    }

    /// Its acts, in their order: one scenario if it has none of its own.
    ///
    /// # Panics
    /// Never: a test loads every one of them.
    #[must_use]
    pub fn scenarios(&self) -> Vec<Scenario> {
        match Scenario::acts_from_json(self.name, self.json) {
            Ok(acts) => acts,
            Err(wrong) => panic!("the scenarios that are built in are right: {wrong}"),
        }
    }

    /// Its first act.
    ///
    /// # Panics
    /// Never: a test loads every one of them.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        first(self.scenarios())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_can_be_loaded() {
        assert!(!LESSONS.is_empty(), "there is something to show");
        for lesson in LESSONS {
            let acts = lesson.scenarios();
            assert_eq!(acts[0].title, lesson.title);
            let titles: Vec<_> = acts.iter().map(|it| &*it.act.title).collect();
            if lesson.acts.is_empty() {
                assert_eq!(titles, [""], "{} is one act", lesson.name);
            } else {
                assert_eq!(titles, lesson.acts, "the acts of {}", lesson.name);
            }
            assert_eq!(Lesson::named(lesson.name), Ok(lesson));
        }
        let groups: Vec<_> = LESSONS.iter().map(|it| it.group).collect();
        for (place, group) in groups.iter().enumerate().skip(1) {
            let known = groups[..place].contains(group);
            assert!(!known || groups[place - 1] == *group, "the lessons of {group} stand together");
        }
        for pair in LESSONS.windows(2) {
            assert_eq!(pair[0].next(), Some(&pair[1]), "one leads to the other");
        }
        assert_eq!(LESSONS[LESSONS.len() - 1].next(), None, "and the last to none");
        let told = Lesson::named("crash-before-comit").unwrap_err().to_string();
        let near = "the nearest is 'crash-before-commit'";
        assert_eq!(told, format!("there is no scenario 'crash-before-comit'; {near}"));
    }
}
