//! The invitation to break something.

use super::icon::Icon;
use super::notice::notice;
use crate::session::{Action, Doing, Where};
use crate::view::breaker::BreakerView;
use crate::view::consumers::{ConsumerView, Health};
use crate::words;
use yew::prelude::*;

/// A button to crash each consumer and its twin, or to start them again.
pub(crate) fn breaker(view: &BreakerView, on_action: &Callback<Action>) -> Html {
    html! {
        <div class="breaker" role="group" aria-label={words::BREAK_SOMETHING}>
            <h2>{ words::BREAK_SOMETHING }</h2>
            for consumer in &view.consumers {
                { view_consumer(consumer, on_action) }
            }
            <button class="button" type="button" data-action="add"
                title="Add a consumer in both systems"
                onclick={on_action.reform(|_| Action::Add(Where::Both))}>
                { Icon::Add.html() }{ "Add a consumer" }
            </button>
            if let Some(told) = &view.told {
                { notice(told, on_action) }
            } else if view.next.is_none() {
                <p>{ words::OR_CLICK }</p>
            }
            if let Some((place, title)) = view.next {
                <button class="button breaker__next" data-look="main" type="button"
                    data-testid="next-lesson"
                    onclick={on_action.reform(move |_| Action::Lesson(place))}>
                    { "Next: " }{ title }{ " →" }
                </button>
            }
        </div>
    }
}

fn view_consumer(consumer: &ConsumerView, on_action: &Callback<Action>) -> Html {
    let (doing, icon) = match consumer.health {
        Health::Down => (Doing::Restart, Icon::Restart),
        Health::Running | Health::Paused => (Doing::Crash, Icon::Close),
    };
    let name = consumer.name.clone();
    let onclick =
        on_action.reform(move |_: MouseEvent| Action::Do(doing, Where::Both, name.clone()));
    html! {
        <button class="button" type="button" key={consumer.name.as_str()}
            data-action={doing.verb()} data-consumer={consumer.name.as_str().to_owned()}
            {onclick}>
            { icon.html() }{ doing.label() }{ " " }{ consumer.name.as_str().to_owned() }
        </button>
    }
}
