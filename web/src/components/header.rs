//! The name, the lessons, and what concerns the whole page.

use super::icon::Icon;
use crate::session::Action;
use crate::view::header::{GroupView, HeaderView, Theme};
use crate::words;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// The top of the page.
pub(crate) fn header(view: &HeaderView, on_action: &Callback<Action>) -> Html {
    let choose = on_action.reform(|event: Event| {
        let place = event.target_unchecked_into::<HtmlSelectElement>().selected_index();
        Action::Lesson(usize::try_from(place).unwrap_or_default())
    });
    let theme = {
        let next = view.theme.next();
        on_action.reform(move |_: MouseEvent| Action::Theme(next))
    };
    html! {
        <header class="header">
            <span class="header__brand">
                { view_sign() }
                <span class="header__name">{ words::NAME }</span>
            </span>
            <span class="header__lesson">
                <select aria-label="Lesson" onchange={choose} data-testid="lesson">
                    for group in &view.groups {
                        { view_group(group, view.chosen) }
                    }
                </select>
            </span>
            if !view.acts.is_empty() {
                <nav class="header__acts" aria-label={words::ACTS}>
                    for (place, title) in view.acts.iter().enumerate() {
                        { view_act(place, title, view.act, on_action) }
                    }
                </nav>
            }
            <span class="header__space" />
            <div class="header__tools">
                <a class="header__notes" href="notes.html" title={words::NOTES}>
                    { words::NOTES_SHORT }
                </a>
                <button class="button" type="button" data-testid="data-open"
                    title={words::OWN_DATA} aria-label={words::OWN_DATA_SHORT}
                    onclick={on_action.reform(|_| Action::OpenData)}>
                    <span class="header__data-sign">{ Icon::Rows.html() }</span>
                    <span class="header__data-words">{ words::OWN_DATA_SHORT }</span>
                </button>
                { view_tool(
                    Icon::Settings,
                    words::SETTINGS_OF_ALL,
                    on_action.reform(|_| Action::OpenSettings),
                ) }
                { view_tool(view.theme.icon(), view.theme.label(), theme) }
                { view_tool(
                    Icon::Help,
                    "Help: keys and signs (?)",
                    on_action.reform(|_| Action::Help),
                ) }
            </div>
        </header>
    }
}

fn view_group(group: &GroupView, chosen: usize) -> Html {
    html! {
        <optgroup key={group.title} label={group.title}>
            for (place, title) in (group.first..).zip(&group.lessons) {
                <option key={place} selected={place == chosen}>
                    { place + 1 }{ " · " }{ *title }
                </option>
            }
        </optgroup>
    }
}

fn view_act(
    place: usize,
    title: &'static str,
    chosen: usize,
    on_action: &Callback<Action>,
) -> Html {
    html! {
        <button key={place} class="header__act" type="button" data-testid="act"
            aria-current={(place == chosen).then_some("step")}
            onclick={on_action.reform(move |_| Action::Act(place))}>
            { place + 1 }{ ". " }{ title }
        </button>
    }
}

impl Theme {
    const fn icon(self) -> Icon {
        match self {
            Self::Auto => Icon::ThemeAuto,
            Self::Light => Icon::ThemeLight,
            Self::Dark => Icon::ThemeDark,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Auto => "Theme: as the system has it. Change to light",
            Self::Light => "Theme: light. Change to dark",
            Self::Dark => "Theme: dark. Change to the system’s",
        }
    }
}

fn view_tool(icon: Icon, label: &'static str, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button class="button" data-look="icon" type="button" title={label} aria-label={label}
            {onclick}>
            { icon.html() }
        </button>
    }
}

/// A log that stays full beside a queue that empties.
fn view_sign() -> Html {
    html! {
        <svg class="header__sign" viewBox="2 3 22 20" aria-hidden="true" focusable="false">
            <rect class="header__sign-log" x="2" y="4" width="9" height="18" rx="3" />
            <rect class="header__sign-queue" x="15" y="4" width="9" height="18" rx="3" />
        </svg>
    }
}
