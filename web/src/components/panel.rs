//! What opens over the page: a native dialog, which keeps the focus and gives it back.

use super::icon::Icon;
use crate::words;
use web_sys::{Event, HtmlDialogElement};
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    /// For the style sheet: `help`, `data-panel`.
    pub(crate) class: AttrValue,
    pub(crate) title: AttrValue,
    /// Asked for by the button, the escape key, or a press beside it.
    pub(crate) on_close: Callback<()>,
    pub(crate) children: Html,
}

/// A dialog, open as long as it is there.
#[component]
pub(crate) fn Panel(props: &Props) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // It was not open before, so it can be opened.
                drop(dialog.show_modal());
            }
        });
    }
    let cancel = props.on_close.reform(|event: Event| event.prevent_default());
    let beside = {
        let (dialog, on_close) = (dialog.clone(), props.on_close.clone());
        Callback::from(move |event: MouseEvent| {
            let pressed = event.target_dyn_into::<HtmlDialogElement>();
            if pressed.is_some() && pressed == dialog.cast() {
                on_close.emit(());
            }
        })
    };
    html! {
        <dialog ref={dialog} class={classes!("panel", props.class.to_string())}
            aria-labelledby="panel-title" oncancel={cancel} onclick={beside}>
            <div class="panel__head">
                <h2 id="panel-title">{ &props.title }</h2>
                <button class="button" data-look="icon" type="button" aria-label={words::CLOSE}
                    onclick={props.on_close.reform(|_: MouseEvent| ())}>
                    { Icon::Close.html() }
                </button>
            </div>
            { props.children.clone() }
        </dialog>
    }
}
