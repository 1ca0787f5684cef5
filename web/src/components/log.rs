//! What happened, in sentences, newest first.

use crate::session::{Action, Scope};
use crate::view::log::{EntryView, LogView};
use crate::words;
use yew::prelude::*;

/// The event log: choosing an entry goes to its instant.
pub(crate) fn log(view: &LogView, on_action: &Callback<Action>) -> Html {
    let (everything, other) = match view.scope {
        Scope::Turns => (false, Scope::Everything),
        Scope::Everything => (true, Scope::Turns),
    };
    let choose = on_action.reform(move |_: Event| Action::Log(other));
    html! {
        <section class="log card" aria-labelledby="log-title" data-testid="log">
            <div class="log__head">
                <h2 id="log-title">{ words::WHAT_HAPPENED }</h2>
                <label class="log__choice">
                    <input type="checkbox" checked={everything} onchange={choose} />
                    { words::EVERYTHING }
                </label>
            </div>
            if view.entries.is_empty() {
                <p class="log__none">{ view.none }</p>
            }
            <ol reversed=true>
                for (place, entry) in view.entries.iter().enumerate() {
                    { view_entry(view.entries.len() - place, entry, on_action) }
                }
            </ol>
        </section>
    }
}

fn view_entry(number: usize, entry: &EntryView, on_action: &Callback<Action>) -> Html {
    let at = entry.at;
    let onclick = on_action.reform(move |_: MouseEvent| Action::SeekTo(at));
    html! {
        <li key={number}>
            <button class="log__entry" type="button" data-turn={entry.turn.then_some("true")}
                {onclick}>
                <time>{ &entry.time }</time>
                <span class="log__system system" data-system={entry.system}>{ entry.title }</span>
                <span class="log__sentence">{ &entry.sentence }</span>
            </button>
        </li>
    }
}
