//! The invitation to break something.

use super::icon::Icon;
use super::notice::notice;
use crate::session::{Action, Doing, Where};
use crate::view::breaker::BreakerView;
use crate::view::consumers::{ConsumerView, Health};
use crate::words;
use brokerscope_core::kafka::BrokerId;
use yew::prelude::*;

/// A button to crash each consumer and its twin, or to start them again.
pub(crate) fn breaker(view: &BreakerView, on_action: &Callback<Action>) -> Html {
    html! {
        <div class="breaker" role="group" aria-label={words::BREAK_SOMETHING}>
            <h2>{ words::BREAK_SOMETHING }</h2>
            for consumer in &view.consumers {
                { view_consumer(consumer, on_action) }
            }
            if let Some((doing, name)) = view.broker {
                { view_broker(doing, name, on_action) }
            }
            <button class="button" type="button" data-action="add"
                title="Add a consumer in both systems"
                onclick={on_action.reform(|_| Action::Add(Where::Both))}>
                { Icon::Add.html() }{ "Add a consumer" }
            </button>
            if let Some(told) = &view.told {
                { notice(told, on_action) }
            } else {
                <p>{ view.hint }</p>
            }
        </div>
    }
}

const fn icon(doing: Doing) -> Icon {
    match doing {
        Doing::Restart => Icon::Restart,
        Doing::Crash | Doing::Pause | Doing::Resume | Doing::Remove => Icon::Close,
    }
}

fn view_consumer(consumer: &ConsumerView, on_action: &Callback<Action>) -> Html {
    let doing = match consumer.health {
        Health::Down => Doing::Restart,
        Health::Running | Health::Paused => Doing::Crash,
    };
    let command = doing.command(&consumer.name);
    let onclick = on_action.reform(move |_: MouseEvent| Action::Ask(Where::Both, command.clone()));
    html! {
        <button class="button" type="button" key={consumer.name.as_str()}
            data-action={doing.verb()} data-consumer={consumer.name.as_str().to_owned()}
            {onclick}>
            { icon(doing).html() }{ doing.label() }{ " " }{ consumer.name.as_str().to_owned() }
        </button>
    }
}

fn view_broker(doing: Doing, broker: BrokerId, on_action: &Callback<Action>) -> Html {
    let command = format!("{} {broker}", doing.verb());
    let onclick = on_action.reform(move |_: MouseEvent| Action::Ask(Where::Both, command.clone()));
    html! {
        <button class="button" type="button" data-action={doing.verb()} data-broker="1" {onclick}>
            { icon(doing).html() }{ doing.label() }{ words::THE_BROKER }
        </button>
    }
}
