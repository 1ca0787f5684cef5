//! What opens over the page: a native dialog, which keeps the focus and gives it back.

use super::icon::Icon;
use crate::session::Action;
use crate::words;
use web_sys::{Event, HtmlDialogElement};
use yew::prelude::*;

/// Opens the dialog, if it is there.
pub(crate) fn open(dialog: &NodeRef) {
    if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
        // It was not open before, so it can be opened.
        drop(dialog.show_modal());
    }
}

/// A dialog, to be opened as soon as it is there. For the style sheet it is of a class. To close it
/// is asked by the button, the escape key, or a press beside it.
pub(crate) fn panel(
    class: &'static str,
    title: &'static str,
    dialog: &NodeRef,
    on_action: &Callback<Action>,
    content: Html,
) -> Html {
    let close = on_action.reform(|_: MouseEvent| Action::Close);
    let cancel = on_action.reform(|event: Event| {
        event.prevent_default();
        Action::Close
    });
    let beside = {
        let (dialog, close) = (dialog.clone(), close.clone());
        Callback::from(move |event: MouseEvent| {
            let pressed = event.target_dyn_into::<HtmlDialogElement>();
            if pressed.is_some() && pressed == dialog.cast() {
                close.emit(event);
            }
        })
    };
    html! {
        <dialog ref={dialog.clone()} class={classes!("panel", class)}
            aria-labelledby="panel-title" oncancel={cancel} onclick={beside}>
            <div class="panel__head">
                <h2 id="panel-title">{ title }</h2>
                <button class="button" data-look="icon" type="button" aria-label={words::CLOSE}
                    onclick={close}>
                    { Icon::Close.html() }
                </button>
            </div>
            { content }
        </dialog>
    }
}
