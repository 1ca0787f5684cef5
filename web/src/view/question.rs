//! The question that the lesson asks, what there is to choose from, and the answer once it is told.

use super::card::NextView;
use brokerscope_scenario::scenario::SystemName;

/// What stands above the picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QuestionView {
    /// The question.
    pub(crate) text: String,
    /// What is different in this act; may be empty.
    pub(crate) act: String,
    /// The choices; none if nothing is to be chosen.
    pub(crate) answers: Vec<AnswerView>,
    /// What came out, and whether that was guessed; nothing as long as it is not to be seen.
    pub(crate) verdict: Option<VerdictView>,
    /// What comes next.
    pub(crate) next: Option<NextView>,
    /// Whose messages these are, if not the lesson's.
    pub(crate) own_data: Option<String>,
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VerdictView {
    /// For those who see which answers are marked.
    pub(crate) seen: String,
    /// The answers in words, for those who hear them.
    pub(crate) heard: String,
}

/// A choice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnswerView {
    pub(crate) say: String,
    /// Whether the person thinks so.
    pub(crate) is_guess: bool,
    /// For which systems it is right; none as long as the answer is not to be seen.
    pub(crate) right: Vec<SystemName>,
}
