//! A sentence about what the page could not do, or what it did besides what was asked.

use super::icon::Icon;
use crate::session::Action;
use crate::view::notice::{NoticeView, Way};
use crate::words;
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) view: NoticeView,
    pub(crate) on_action: Callback<Action>,
}

/// One sentence, and what can be done about it.
#[component]
pub(crate) fn Notice(props: &Props) -> Html {
    let (tone, role) = match props.view.way {
        Way::Problem => ("bad", "alert"),
        Way::Undo => ("plain", "status"),
    };
    html! {
        <div class="notice" data-tone={tone} {role} data-testid="notice">
            <p>{ &props.view.text }</p>
            if props.view.way == Way::Undo {
                <button class="button" type="button" data-testid="undo"
                    onclick={props.on_action.reform(|_| Action::Undo)}>
                    { words::UNDO }
                </button>
            }
            <button class="button" data-look="icon" type="button" aria-label={words::CLOSE}
                onclick={props.on_action.reform(|_| Action::Dismiss)}>
                { Icon::Close.html() }
            </button>
        </div>
    }
}
