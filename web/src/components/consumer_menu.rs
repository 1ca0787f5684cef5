//! What can be done to a consumer, at its card.

use super::icon::Icon;
use super::stage::put;
use crate::session::{Action, Doing, Where};
use crate::view::consumers::ConsumerView;
use crate::view::stage::Place;
use crate::words;
use web_sys::{FocusEvent, HtmlElement, Node};
use yew::prelude::*;

/// How wide the menu is, in pixels, as the style sheet has it.
const WIDTH_PX: i32 = 264;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) view: ConsumerView,
    /// Of its card.
    pub(crate) place: Place,
    /// Of the picture.
    pub(crate) width_px: i32,
    pub(crate) close: Callback<()>,
    pub(crate) on_action: Callback<Action>,
}

/// Crash, pause, restart, remove: in both systems or in one.
#[component]
pub(crate) fn ConsumerMenu(props: &Props) -> Html {
    let node = use_node_ref();
    let place = use_state_eq(|| Where::Both);
    {
        let node = node.clone();
        use_effect_with(props.place.under(WIDTH_PX, props.width_px), move |place| {
            put(&node, place);
            if let Some(menu) = node.cast::<HtmlElement>() {
                // Without the focus it still works with a mouse.
                drop(menu.focus());
            }
        });
    }
    let onkeydown = {
        let close = props.close.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                close.emit(());
            }
        })
    };
    let onfocusout = {
        let (node, close) = (node.clone(), props.close.clone());
        Callback::from(move |event: FocusEvent| {
            let to = event.related_target().and_then(|it| wasm_bindgen::JsCast::dyn_into(it).ok());
            let inside = |to: &Node| node.get().is_some_and(|menu| menu.contains(Some(to)));
            // Without a new target the window itself lost the focus, or nothing took it.
            if to.as_ref().is_some_and(|to| !inside(to)) {
                close.emit(());
            }
        })
    };
    let view = &props.view;
    html! {
        <div ref={node} class="consumer-menu" role="dialog" aria-label={view.title()} tabindex="-1"
            data-testid="consumer-menu" {onkeydown} {onfocusout}>
            <div class="consumer-menu__head">
                <h3>{ view.name.as_str().to_owned() }</h3>
                <p>{ &view.state }</p>
                <button class="button" data-look="icon" type="button" aria-label={words::CLOSE}
                    onclick={props.close.reform(|_: MouseEvent| ())}>
                    { Icon::Close.html() }
                </button>
            </div>
            <fieldset class="consumer-menu__where" aria-label="Where">
                for each in Where::ALL {
                    { view_where(each, &place) }
                }
            </fieldset>
            <div class="consumer-menu__doings">
                for doing in view.health.doings() {
                    { view_doing(*doing, *place, props) }
                }
            </div>
        </div>
    }
}

fn view_where(each: Where, place: &UseStateHandle<Where>) -> Html {
    let onchange = {
        let place = place.clone();
        Callback::from(move |_: Event| place.set(each))
    };
    html! {
        <label key={each.label()}>
            <input type="radio" name="where" checked={each == **place} {onchange} />
            <span>{ each.label() }</span>
        </label>
    }
}

fn view_doing(doing: Doing, place: Where, props: &Props) -> Html {
    let name = props.view.name.clone();
    let onclick = {
        let (on_action, close) = (props.on_action.clone(), props.close.clone());
        Callback::from(move |_: MouseEvent| {
            on_action.emit(Action::Do(doing, place, name.clone()));
            close.emit(());
        })
    };
    html! {
        <button class="button" type="button" key={doing.verb()} {onclick}>
            { doing.label() }
        </button>
    }
}
