//! The question that the lesson asks.

use crate::session::Action;
use crate::view::question::QuestionView;
use crate::words;
use yew::prelude::*;

/// The question, and whose messages these are.
pub(crate) fn question(view: &QuestionView, on_action: &Callback<Action>) -> Html {
    html! {
        <div class="question">
            <h1 data-testid="question">{ &view.text }</h1>
            if let Some(told) = &view.own_data {
                <span class="question__data">{ told }</span>
                <button class="button" type="button" data-testid="data-back"
                    onclick={on_action.reform(|_| Action::LessonsMessages)}>
                    { words::LESSONS_MESSAGES }
                </button>
            }
        </div>
    }
}
