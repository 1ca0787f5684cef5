//! The top of the page.

/// What the top of the page shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeaderView {
    /// The titles of the lessons, in order.
    pub(crate) lessons: Vec<&'static str>,
    /// Which is on.
    pub(crate) chosen: usize,
    /// Which theme is chosen.
    pub(crate) theme: Theme,
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
