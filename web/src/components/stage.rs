//! The picture, with a real button over everything in it that can be pressed.

use super::consumer_menu::ConsumerMenu;
use super::icon::Icon;
use crate::page::Page;
use crate::session::Action;
use crate::view::stage::{Place, SpotView, StageView};
use crate::words;
use std::rc::Rc;
use web_sys::{HtmlCanvasElement, HtmlElement};
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) view: StageView,
    /// Paints on the canvas.
    pub(crate) page: Page,
    pub(crate) on_action: Callback<Action>,
}

/// The picture. Which menu is open is of no interest to a link.
#[component]
pub(crate) fn Stage(props: &Props) -> Html {
    let view = &props.view;
    let canvas = use_node_ref();
    let opened = use_state_eq(|| None::<Rc<str>>);
    {
        let (canvas, page) = (canvas.clone(), props.page.clone());
        use_effect_with((), move |()| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                page.paint_on(canvas);
            }
        });
    }
    let close = {
        let opened = opened.clone();
        Callback::from(move |()| opened.set(None))
    };
    let menu = opened.as_ref().and_then(|id| view.spots.iter().find(|spot| spot.id == *id));
    html! {
        <div class="stage__picture" data-testid="stage">
            <canvas ref={canvas} role="img" aria-label={view.label.clone()} />
            for spot in &view.spots {
                { view_spot(spot, &opened, &props.on_action) }
            }
            if let Some(consumer) = menu.and_then(|spot| Some((spot, spot.consumer.as_ref()?))) {
                <ConsumerMenu key={consumer.0.id.to_string()} place={consumer.0.place}
                    view={consumer.1.clone()} {close}
                    width_px={view.width_px} on_action={props.on_action.clone()} />
            }
            if view.waits {
                <button class="stage__poster" type="button" data-testid="poster"
                    onclick={props.on_action.reform(|_| Action::TogglePlay)}>
                    <span>{ Icon::Play.html() }{ words::PLAY_LESSON }</span>
                </button>
            }
        </div>
    }
}

fn view_spot(
    spot: &SpotView,
    opened: &UseStateHandle<Option<Rc<str>>>,
    on_action: &Callback<Action>,
) -> Html {
    let is_open = opened.as_ref() == Some(&spot.id);
    let onclick = match &spot.adds {
        Some(action) => {
            let action = action.clone();
            on_action.reform(move |_: MouseEvent| action.clone())
        }
        None => {
            let (opened, id) = (opened.clone(), spot.id.clone());
            Callback::from(move |_: MouseEvent| {
                opened.set(if is_open { None } else { Some(id.clone()) });
            })
        }
    };
    html! {
        <Spot key={spot.id.to_string()} place={spot.place} label={spot.label.clone()}
            open={spot.adds.is_none().then_some(is_open)} {onclick} />
    }
}

#[derive(Debug, PartialEq, Properties)]
struct SpotProps {
    place: Place,
    label: AttrValue,
    /// Whether its menu is open, if it has one.
    open: Option<bool>,
    onclick: Callback<MouseEvent>,
}

/// A button over a part of the picture.
#[component]
fn Spot(props: &SpotProps) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with(props.place, move |place| put(&node, place));
    }
    let expanded = props.open.map(|open| open.to_string());
    html! {
        <button ref={node} class="stage__spot" type="button" aria-label={props.label.clone()}
            title={props.label.clone()} aria-haspopup={props.open.map(|_| "dialog")}
            aria-expanded={expanded} onclick={props.onclick.clone()} />
    }
}

/// Moves an element to its place in the picture. The page's policy refuses style attributes, so
/// this is said to the browser property by property.
pub(super) fn put(node: &NodeRef, place: &Place) {
    let Some(element) = node.cast::<HtmlElement>() else { return };
    let style = element.style();
    let sides = [
        ("left", place.left),
        ("top", place.top),
        ("width", place.width),
        ("height", place.height),
    ];
    for (side, px) in sides {
        if let Some(px) = px {
            // A browser that refuses leaves the element where it is.
            drop(style.set_property(side, &format!("{px}px")));
        }
    }
}
