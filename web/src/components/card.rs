//! What is said at the end of an act.

use super::settings;
use crate::session::Action;
use crate::view::card::{CardView, NextView, SideView};
use crate::words;
use brokerscope_scenario::setup::Machines;
use yew::prelude::*;

/// What each system did, what decided it, what comes next.
pub(crate) fn card(view: &CardView, on_action: &Callback<Action>) -> Html {
    let title = if view.is_changed { words::IN_SHORT_CHANGED } else { words::IN_SHORT };
    html! {
        <section id="closing" class="closing card" aria-labelledby="closing-title"
            data-testid="card">
            <h2 id="closing-title">{ title }</h2>
            <div class="closing__sides">
                for side in &view.sides {
                    { view_side(side, &view.decided) }
                }
            </div>
            if let Some(it) = &view.next {
                <p class="closing__next">{ next(it, on_action) }</p>
            }
        </section>
    }
}

/// The button that leads on.
pub(super) fn next(view: &NextView, on_action: &Callback<Action>) -> Html {
    let action = view.action.clone();
    html! {
        <button class="button" data-look="main" type="button" data-testid="next"
            onclick={on_action.reform(move |_: MouseEvent| action.clone())}>
            { &view.label }
        </button>
    }
}

fn view_side(side: &SideView, decided: &[Machines]) -> Html {
    let system = side.system;
    html! {
        <section data-system={system.word()} data-testid="card-side">
            <h3 class="system">{ system.as_str() }</h3>
            if let Some(say) = &side.say {
                <p>{ say }</p>
            }
            for machines in decided.iter().filter(|it| it.system == system) {
                <div class="settings__machines" data-lane={system.word()}>
                    <h4>{ words::machines(machines.kind, &machines.names) }</h4>
                    { settings::values(machines.settings.iter(), true) }
                </div>
            }
        </section>
    }
}
