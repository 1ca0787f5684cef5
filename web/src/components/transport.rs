//! The clock's controls, at the bottom.

use super::icon::Icon;
use crate::session::{Action, Speed};
use crate::view::transport::{MarkView, TransportView};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Restart, back, play, step, the line of time with the turns of the story, speed.
/// The frame loop moves the thumb of the `scrubber` between two renders.
pub(crate) fn transport(
    view: &TransportView,
    scrubber: &NodeRef,
    on_action: &Callback<Action>,
) -> Html {
    let act = |action: Action| on_action.reform(move |_: MouseEvent| action.clone());
    let (icon, label) = if view.playing { (Icon::Pause, "Pause") } else { (Icon::Play, "Play") };
    let speed = on_action.reform(|event: Event| {
        let place = event.target_unchecked_into::<HtmlSelectElement>().selected_index();
        Action::Speed(Speed::at(usize::try_from(place).unwrap_or_default()))
    });
    html! {
        <section class="transport" aria-label="Time">
            { view_button("restart", Icon::Restart, "Restart", "Home", act(Action::Restart)) }
            { view_button(
                "step-back",
                Icon::Back,
                "Step back",
                "ArrowLeft",
                act(Action::StepBack),
            ) }
            <button class="button transport__play" data-look="icon" type="button"
                data-testid="play" aria-label={label} title={format!("{label} (space)")}
                aria-keyshortcuts="Space" onclick={act(Action::TogglePlay)}>
                { icon.html() }
            </button>
            { view_button("step", Icon::Step, "Step", "ArrowRight", act(Action::Step)) }
            { view_line(view, scrubber, on_action) }
            <span class="transport__time" data-testid="time">
                <strong>{ &view.time }</strong>{ " / " }{ &view.end }{ " s" }
            </span>
            <select class="transport__speed" data-testid="speed" aria-label="Speed"
                onchange={speed}>
                for each in Speed::ALL {
                    <option key={each.percent()} value={each.factor()}
                        selected={each == view.speed}>
                        { each.factor() }{ "×" }
                    </option>
                }
            </select>
        </section>
    }
}

fn view_button(
    id: &'static str,
    icon: Icon,
    label: &'static str,
    key: &'static str,
    onclick: Callback<MouseEvent>,
) -> Html {
    html! {
        <button class="button" data-look="icon" type="button" data-testid={id} aria-label={label}
            title={label} aria-keyshortcuts={key} {onclick}>
            { icon.html() }
        </button>
    }
}

fn view_line(view: &TransportView, scrubber: &NodeRef, on_action: &Callback<Action>) -> Html {
    let moved = on_action.reform(|event: InputEvent| {
        let ms = event.target_unchecked_into::<HtmlInputElement>().value();
        Action::Scrub(ms.parse().unwrap_or_default())
    });
    let let_go = on_action.reform(|_: Event| Action::LetGo);
    html! {
        <div class="transport__line">
            <input class="transport__scrubber" ref={scrubber.clone()} type="range" min="0" step="1"
                max={view.end_ms.to_string()} value={view.now_ms.to_string()}
                aria-label="Instant" aria-valuetext={view.spoken.clone()}
                data-testid="scrubber" oninput={moved} onchange={let_go} />
            <svg class="transport__marks" aria-hidden="true">
                for mark in &view.marks {
                    { view_mark(mark) }
                }
            </svg>
        </div>
    }
}

fn view_mark(mark: &MarkView) -> Html {
    let x = &mark.x;
    html! {
        <g key={mark.key.clone()} data-mark={mark.kind} data-anchor={mark.anchor}>
            <line x1={x.clone()} x2={x.clone()} y1="20" y2="27" />
            if let Some(label) = &mark.label {
                <text x={x.clone()} y="15">{ *label }</text>
            }
        </g>
    }
}
