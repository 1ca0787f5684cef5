//! A sentence about what the page could not do, or what it did besides what was asked.

use super::icon::Icon;
use crate::session::Action;
use crate::view::notice::{NoticeView, Way};
use crate::words;
use yew::prelude::*;

/// One sentence, and what can be done about it.
pub(crate) fn notice(view: &NoticeView, on_action: &Callback<Action>) -> Html {
    let (tone, role) = match view.way {
        Way::Problem => ("bad", "alert"),
        Way::Undo => ("plain", "status"),
    };
    html! {
        <div class="notice" data-tone={tone} {role} data-testid="notice">
            <p>{ &view.text }</p>
            if view.way == Way::Undo {
                <button class="button" type="button" data-testid="undo"
                    onclick={on_action.reform(|_| Action::Undo)}>
                    { words::UNDO }
                </button>
            }
            <button class="button" data-look="icon" type="button" aria-label={words::CLOSE}
                onclick={on_action.reform(|_| Action::Dismiss)}>
                { Icon::Close.html() }
            </button>
        </div>
    }
}
