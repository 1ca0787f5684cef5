//! What can be done to a part of the picture, where it stands.

use super::icon::Icon;
use super::stage::{Opened, Stage};
use crate::session::{Action, Where};
use crate::view::menu::{DoingView, MenuView};
use crate::view::stage::Place;
use crate::words;
use web_sys::{FocusEvent, Node};
use yew::prelude::*;

/// How wide the menu is, in pixels, as the style sheet has it.
pub(super) const WIDTH_PX: i32 = 264;

/// What can be done, in both systems or in one if it has a twin.
pub(crate) fn menu(
    view: &MenuView,
    place: Place,
    stage: &Stage,
    on_action: &Callback<Action>,
) -> Html {
    let close = {
        let opened = stage.opened.clone();
        Callback::from(move |()| opened.set(None))
    };
    let onkeydown = {
        let close = close.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                close.emit(());
            }
        })
    };
    let onfocusout = {
        let (node, close) = (stage.menu.clone(), close.clone());
        Callback::from(move |event: FocusEvent| {
            let to = event.related_target().and_then(|it| wasm_bindgen::JsCast::dyn_into(it).ok());
            let inside = |to: &Node| node.get().is_some_and(|menu| menu.contains(Some(to)));
            // Without a new target the window itself lost the focus, or nothing took it.
            if to.as_ref().is_some_and(|to| !inside(to)) {
                close.emit(());
            }
        })
    };
    let chosen = stage.opened.as_ref().filter(|_| view.has_twin).map(|opened| opened.place);
    html! {
        <div ref={stage.menu.clone()} class="menu" role="dialog" aria-label={view.title.clone()}
            tabindex="-1" data-testid="menu" ~style={place.style()}
            {onkeydown} {onfocusout}>
            <div class="menu__head">
                <h2>{ &view.name }</h2>
                <p>{ &view.state }</p>
                <button class="button" data-look="icon" type="button" aria-label={words::CLOSE}
                    onclick={close.reform(|_: MouseEvent| ())}>
                    { Icon::Close.html() }
                </button>
            </div>
            if view.has_twin {
                <fieldset class="menu__where" aria-label="Where">
                    for each in Where::ALL {
                        { view_where(each, &stage.opened) }
                    }
                </fieldset>
            }
            <div class="menu__doings">
                for doing in &view.doings {
                    { view_doing(doing, chosen.unwrap_or(Where::Both), &close, on_action) }
                }
            </div>
        </div>
    }
}

fn view_where(each: Where, opened: &UseStateHandle<Option<Opened>>) -> Html {
    let onchange = {
        let opened = opened.clone();
        Callback::from(move |_: Event| {
            let to = (*opened).clone().map(|it| Opened { place: each, ..it });
            opened.set(to);
        })
    };
    let checked = opened.as_ref().is_some_and(|it| it.place == each);
    html! {
        <label key={each.label()}>
            <input type="radio" name="where" {checked} {onchange} />
            <span>{ each.label() }</span>
        </label>
    }
}

fn view_doing(
    doing: &DoingView,
    place: Where,
    close: &Callback<()>,
    on_action: &Callback<Action>,
) -> Html {
    let onclick = {
        let (on_action, close, command) = (on_action.clone(), close.clone(), doing.command.clone());
        Callback::from(move |_: MouseEvent| {
            on_action.emit(Action::Ask(place, command.clone()));
            close.emit(());
        })
    };
    html! {
        <button class="button" type="button" key={doing.label} {onclick}>
            { doing.label }
        </button>
    }
}
