//! A sentence about what the page could not do, or what it did besides what was asked.

/// The sentence, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoticeView {
    /// The sentence.
    pub(crate) text: String,
    /// What can be done.
    pub(crate) way: Way,
}

/// What can be done about a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Something asked for cannot be had.
    Problem,
    /// It can be taken back.
    Undo,
}
