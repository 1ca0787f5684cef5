//! The question that the lesson asks.

/// What stands above the picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QuestionView {
    /// The question.
    pub(crate) text: String,
    /// Whose messages these are, if not the lesson's.
    pub(crate) own_data: Option<String>,
}
