//! The top of the page.

/// What the top of the page shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeaderView {
    /// The groups of lessons, in order.
    pub(crate) groups: Vec<GroupView>,
    /// Which lesson is on, by its place among all.
    pub(crate) chosen: usize,
    /// The titles of its acts; none if it is one run.
    pub(crate) acts: Vec<&'static str>,
    /// Which act is on.
    pub(crate) act: usize,
    /// Which theme is chosen.
    pub(crate) theme: Theme,
}

/// Lessons that belong together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GroupView {
    pub(crate) title: &'static str,
    /// The place of its first lesson among all.
    pub(crate) first: usize,
    /// The titles of its lessons.
    pub(crate) lessons: Vec<&'static str>,
}

/// The groups of the menu, made from each lesson's group and title, in order.
pub(crate) fn groups(
    lessons: impl Iterator<Item = (&'static str, &'static str)>,
) -> Vec<GroupView> {
    let mut groups: Vec<GroupView> = Vec::new();
    for (first, (title, lesson)) in lessons.enumerate() {
        match groups.last_mut() {
            Some(group) if group.title == title => group.lessons.push(lesson),
            Some(_) | None => groups.push(GroupView { title, first, lessons: vec![lesson] }),
        }
    }
    groups
}

/// Dark on light, light on dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Its name in the address and in the markup.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name; the system's, if there is none.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// The next in the circle.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_of_a_group_stand_together_and_keep_their_places() {
        let lessons = [("keeping", "one"), ("keeping", "two"), ("groups", "three")];
        let groups = groups(lessons.into_iter());
        let told: Vec<_> = groups.iter().map(|it| (it.title, it.first, it.lessons.len())).collect();
        assert_eq!(told, [("keeping", 0, 2), ("groups", 2, 1)]);
    }
}
