//! What can be done to a part of the picture.

/// A menu.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MenuView {
    /// What it is called: `Consumer c1`.
    pub(crate) title: String,
    /// Its heading: `c1`.
    pub(crate) name: String,
    /// How that stands, in a few words.
    pub(crate) state: String,
    /// Whether the other system has one too, to which the same can be done.
    pub(crate) has_twin: bool,
    pub(crate) doings: Vec<DoingView>,
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DoingView {
    /// As the button says it.
    pub(crate) label: &'static str,
    /// As the command language says it.
    pub(crate) command: String,
}
