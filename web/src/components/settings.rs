//! What every machine is set to.

use super::panel::panel;
use crate::session::Action;
use crate::words;
use brokerscope_scenario::scenario::SystemName;
use brokerscope_scenario::setup::{Machines, Value};
use yew::prelude::*;

/// All settings, over the page: those that the lesson sets, the others folded away.
pub(crate) fn settings(view: &[Machines], dialog: &NodeRef, on_action: &Callback<Action>) -> Html {
    let content = html! {
        <>
            <p class="panel__note">{ words::SETTINGS_WHY }</p>
            for machines in view {
                { view_machines(machines) }
            }
        </>
    };
    panel("settings", words::SETTINGS, dialog, on_action, content)
}

fn view_machines(machines: &Machines) -> Html {
    let (lane, system) = match machines.system {
        SystemName::Kafka => ("kafka", "Kafka"),
        SystemName::RabbitMq => ("rabbitmq", "RabbitMQ"),
    };
    let (set, rest): (Vec<_>, Vec<_>) = machines.settings.iter().partition(|it| it.is_set());
    html! {
        <section class="settings__machines" data-lane={lane}>
            <h3>
                <span>{ system }</span>{ " " }{ words::machines(machines.kind, &machines.names) }
            </h3>
            { values(set.into_iter(), true) }
            if !rest.is_empty() {
                <details>
                    <summary>{ words::at_their_defaults(rest.len()) }</summary>
                    { values(rest.into_iter(), false) }
                </details>
            }
        </section>
    }
}

/// What stands between backticks is code.
fn view_prose(text: &str) -> Html {
    html! {
        for (place, part) in text.split('`').enumerate() {
            if place % 2 == 1 {
                <code>{ part }</code>
            } else {
                { part }
            }
        }
    }
}

/// Settings with their values, what they would be by default, and what they do.
pub(super) fn values<'a>(
    values: impl ExactSizeIterator<Item = &'a Value>,
    tells_default: bool,
) -> Html {
    if values.len() == 0 {
        return Html::default();
    }
    html! {
        <dl>
            for it in values {
                <dt>
                    <code>{ it.setting.name }{ " = " }<b>{ &it.value }</b></code>
                    if tells_default && it.is_set() {
                        <span>{ "default " }{ &it.default }</span>
                    } else if tells_default {
                        <span>{ words::BY_DEFAULT }</span>
                    }
                </dt>
                <dd>{ view_prose(it.setting.doc) }</dd>
            }
        </dl>
    }
}
