//! The picture, with a real button over everything in it that can be pressed.

use super::icon::Icon;
use super::menu;
use crate::page::Page;
use crate::session::{Action, Where};
use crate::view::menu::MenuView;
use crate::view::stage::{Does, Place, SpotView, StageView};
use crate::words;
use std::rc::Rc;
use web_sys::{HtmlCanvasElement, HtmlElement};
use yew::prelude::*;

/// What the page remembers of the picture. Which menu is open is of no interest to a link.
#[derive(Debug)]
pub(crate) struct Stage {
    canvas: NodeRef,
    pub(super) menu: NodeRef,
    pub(super) opened: UseStateHandle<Option<Opened>>,
}

/// The open menu.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Opened {
    /// Of the part of the picture it belongs to.
    pub(super) id: Rc<str>,
    /// Where it does what it does.
    pub(super) place: Where,
}

/// Lets `page` paint on the picture, and gives the menu the focus wherever it opens.
#[hook]
pub(crate) fn use_stage(view: &StageView, page: &Page) -> Stage {
    let stage =
        Stage { canvas: use_node_ref(), menu: use_node_ref(), opened: use_state_eq(|| None) };
    {
        let (canvas, page) = (stage.canvas.clone(), page.clone());
        use_effect_with((), move |()| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                page.paint_on(canvas);
            }
        });
    }
    {
        let menu = stage.menu.clone();
        let place = stage.open_in(view).map(|(spot, _)| (spot.id.clone(), under(spot, view)));
        use_effect_with(place, move |_| {
            if let Some(menu) = menu.cast::<HtmlElement>() {
                // Without the focus it still works with a mouse.
                drop(menu.focus());
            }
        });
    }
    stage
}

impl Stage {
    /// The part of the picture whose menu is open, and the menu.
    fn open_in<'a>(&self, view: &'a StageView) -> Option<(&'a SpotView, &'a MenuView)> {
        let opened = self.opened.as_ref()?;
        let spot = view.spots.iter().find(|spot| spot.id == opened.id)?;
        match &spot.does {
            Does::Opens(menu) => Some((spot, menu)),
            Does::Asks(_) => None,
        }
    }
}

/// Where the menu of `spot` stands.
fn under(spot: &SpotView, view: &StageView) -> Place {
    spot.place.under(menu::WIDTH_PX, view.width_px)
}

/// The picture.
pub(crate) fn stage(view: &StageView, stage: &Stage, on_action: &Callback<Action>) -> Html {
    html! {
        <div class="stage__picture" data-testid="stage">
            <canvas ref={stage.canvas.clone()} role="img" aria-label={view.label.clone()} />
            for spot in &view.spots {
                { view_spot(spot, &stage.opened, on_action) }
            }
            if let Some((spot, menu)) = stage.open_in(view) {
                <key={&*spot.id}>
                    { menu::menu(menu, under(spot, view), stage, on_action) }
                </>
            }
            if view.waits {
                <button class="stage__poster" type="button" data-testid="poster"
                    onclick={on_action.reform(|_| Action::TogglePlay)}>
                    <span>{ Icon::Play.html() }{ words::PLAY_LESSON }</span>
                </button>
            }
        </div>
    }
}

fn view_spot(
    spot: &SpotView,
    opened: &UseStateHandle<Option<Opened>>,
    on_action: &Callback<Action>,
) -> Html {
    let is_open = opened.as_ref().is_some_and(|it| it.id == spot.id);
    let onclick = match &spot.does {
        Does::Asks(action) => {
            let action = action.clone();
            on_action.reform(move |_: MouseEvent| action.clone())
        }
        Does::Opens(_) => {
            let (opened, id) = (opened.clone(), spot.id.clone());
            Callback::from(move |_: MouseEvent| {
                let menu = || Opened { id: id.clone(), place: Where::Both };
                opened.set((!is_open).then(menu));
            })
        }
    };
    let open = matches!(spot.does, Does::Opens(_)).then_some(is_open);
    html! {
        <button key={&*spot.id} class="stage__spot" type="button" ~style={spot.place.style()}
            aria-label={spot.label.clone()} title={spot.label.clone()}
            aria-haspopup={open.map(|_| "dialog")} aria-expanded={open.map(|it| it.to_string())}
            {onclick} />
    }
}
