//! The question that the lesson asks.

use crate::session::Action;
use crate::view::question::QuestionView;
use crate::words;
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) view: QuestionView,
    pub(crate) on_action: Callback<Action>,
}

/// The question, and whose messages these are.
#[component]
pub(crate) fn Question(props: &Props) -> Html {
    let view = &props.view;
    html! {
        <div class="question">
            <h1 data-testid="question">{ &view.text }</h1>
            if let Some(told) = &view.own_data {
                <span class="question__data">{ told }</span>
                <button class="button" type="button" data-testid="data-back"
                    onclick={props.on_action.reform(|_| Action::LessonsMessages)}>
                    { words::LESSONS_MESSAGES }
                </button>
            }
        </div>
    }
}
