//! The question that the lesson asks, and the answers to choose from.

use super::icon::Icon;
use crate::session::Action;
use crate::view::question::{AnswerView, QuestionView};
use crate::words;
use yew::prelude::*;

/// The question, its answers, and whose messages these are.
pub(crate) fn question(view: &QuestionView, on_action: &Callback<Action>) -> Html {
    html! {
        <div class="question">
            <h1 id="question" data-testid="question">{ &view.text }</h1>
            if let Some(told) = &view.own_data {
                <span class="question__data">{ told }</span>
                <button class="button" type="button" data-testid="data-back"
                    onclick={on_action.reform(|_| Action::LessonsMessages)}>
                    { words::LESSONS_MESSAGES }
                </button>
            }
            if !view.act.is_empty() {
                <p class="question__act" data-testid="act-say">{ &view.act }</p>
            }
            if !view.answers.is_empty() {
                <div class="question__answers">
                    <div class="question__told">
                        <p role="status" data-testid="verdict"
                            data-told={view.verdict.is_some().to_string()}>
                            if let Some(verdict) = &view.verdict {
                                { &verdict.seen }
                                <span class="heard">{ " " }{ &verdict.heard }</span>
                            } else {
                                { words::GUESS }
                            }
                        </p>
                        if view.verdict.is_some() {
                            { view_ways_on(view, on_action) }
                        }
                    </div>
                    <div class="question__choices" role="radiogroup" aria-labelledby="question">
                        for (place, answer) in view.answers.iter().enumerate() {
                            { view_answer(place, answer, view.verdict.is_some(), on_action) }
                        }
                    </div>
                </div>
            }
        </div>
    }
}

/// To what decided it, and to what comes next.
fn view_ways_on(view: &QuestionView, on_action: &Callback<Action>) -> Html {
    html! {
        <p>
            <a href="#closing">{ words::WHY }</a>
            if let Some(next) = &view.next {
                <button class="question__next" type="button" data-testid="next-short"
                    title={next.label.clone()} aria-label={next.label.clone()}
                    onclick={
                        let action = next.action.clone();
                        on_action.reform(move |_: MouseEvent| action.clone())
                    }>
                    { next.short }
                </button>
            }
        </p>
    }
}

fn view_answer(
    place: usize,
    answer: &AnswerView,
    is_told: bool,
    on_action: &Callback<Action>,
) -> Html {
    let guess = on_action.reform(move |_: Event| Action::Guess(place));
    html! {
        <label class="question__answer" key={place}
            data-right={(!answer.right.is_empty()).then_some("true")}>
            <input type="radio" name="answer" checked={answer.is_guess} disabled={is_told}
                data-testid="answer" onchange={guess} />
            <span>{ &answer.say }</span>
            if !answer.right.is_empty() {
                <span class="question__right">
                    for system in &answer.right {
                        <span class="system" data-system={system.word()}>
                            { Icon::Done.html() }{ system.as_str() }
                        </span>
                    }
                </span>
            }
        </label>
    }
}
