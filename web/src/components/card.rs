//! What is said at the end of an act.

use super::settings;
use crate::page::Page;
use crate::session::Action;
use crate::view::card::{CardView, ConfigurationView, NextView, SideView};
use crate::words;
use yew::prelude::*;

/// What each system did, what decided it, what comes next.
pub(crate) fn card(view: &CardView, page: &Page, on_action: &Callback<Action>) -> Html {
    let title = if view.is_changed { words::IN_SHORT_CHANGED } else { words::IN_SHORT };
    html! {
        <section id="closing" class="closing card" aria-labelledby="closing-title"
            data-testid="card">
            <h2 id="closing-title">{ title }</h2>
            <div class="closing__sides">
                for side in &view.sides {
                    { view_side(side, view, page) }
                }
            </div>
            if let Some(it) = &view.next {
                <p class="closing__next">{ next(it, on_action) }</p>
            }
        </section>
    }
}

/// The button that leads on.
fn next(view: &NextView, on_action: &Callback<Action>) -> Html {
    let action = view.action.clone();
    html! {
        <button class="button" data-look="main" type="button" data-testid="next"
            onclick={on_action.reform(move |_: MouseEvent| action.clone())}>
            { &view.label }
        </button>
    }
}

fn view_side(side: &SideView, card: &CardView, page: &Page) -> Html {
    let system = side.system;
    html! {
        <section data-system={system.word()} data-testid="card-side">
            <h3 class="system">{ system.as_str() }</h3>
            if let Some(say) = &side.say {
                <p>{ say }</p>
            }
            for machines in card.decided.iter().filter(|it| it.system == system) {
                <div class="settings__machines" data-lane={system.word()}>
                    <h4>{ words::machines(machines.kind, &machines.names) }</h4>
                    { settings::values(machines.settings.iter(), true) }
                </div>
            }
            <details class="closing__clients">
                <summary>{ words::CONFIGURATION }</summary>
                for it in card.configurations.iter().filter(|view| view.it.system == system) {
                    { view_configuration(it, page) }
                }
            </details>
        </section>
    }
}

fn view_configuration(view: &ConfigurationView, page: &Page) -> Html {
    let place = view.place;
    let copy = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| page.copy_configuration(place))
    };
    let label = match view.copied {
        None => words::COPY,
        Some(true) => words::COPIED,
        Some(false) => words::SELECTED,
    };
    html! {
        <div key={place} class="closing__client">
            <h4>{ &view.it.title }</h4>
            <button class="button" type="button" data-testid="copy" onclick={copy}
                aria-label={words::copies(label, &view.it.title)}>
                { label }
            </button>
            <pre tabindex="0" id={configuration_id(place)}>{ &view.it.text }</pre>
        </div>
    }
}

/// Where the client configuration at that place stands.
pub(crate) fn configuration_id(place: usize) -> String {
    format!("configuration-{place}")
}
