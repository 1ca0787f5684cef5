//! A person's own data as the workload.

use super::panel::Panel;
use crate::data::{Format, Source};
use crate::page::Page;
use crate::session::Action;
use crate::view::data::{DataView, Phase};
use crate::words;
use web_sys::{DragEvent, Event, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) view: DataView,
    pub(crate) page: Page,
    pub(crate) on_action: Callback<Action>,
}

/// Paste, choose or drop; say what it is; load. What was typed is of no interest to a link.
#[component]
pub(crate) fn DataPanel(props: &Props) -> Html {
    let over = use_state_eq(|| false);
    let chosen = {
        let page = props.page.clone();
        Callback::from(move |event: Event| {
            let files = event.target_unchecked_into::<HtmlInputElement>().files();
            if let Some(file) = files.and_then(|files| files.get(0)) {
                page.offer(Source::File(file));
            }
        })
    };
    let typed = {
        let page = props.page.clone();
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            page.offer(Source::Text(text));
        })
    };
    let load = {
        let page = props.page.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            page.load_data();
        })
    };
    let drag = |is_over: bool| {
        let over = over.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(is_over);
        })
    };
    let drop = {
        let (page, over) = (props.page.clone(), over.clone());
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(false);
            let files = event.data_transfer().and_then(|data| data.files());
            if let Some(file) = files.and_then(|files| files.get(0)) {
                page.offer(Source::File(file));
            }
        })
    };
    let busy = !matches!(props.view.phase, Phase::Waiting);
    html! {
        <Panel class="data-panel" title={words::OWN_DATA}
            on_close={props.on_action.reform(|()| Action::Close)}>
            <form onsubmit={load} data-over={over.to_string()} ondragover={drag(true)}
                ondragleave={drag(false)} ondrop={drop}>
                <p class="panel__note">{ words::OWN_DATA_WHY }</p>
                <div class="data-panel__row">
                    { view_format(&props.view, &props.page) }
                    { view_column(&props.view, &props.page) }
                </div>
                <label>
                    { "Paste rows" }
                    <textarea data-testid="data-text" spellcheck="false" oninput={typed}
                        placeholder={props.view.format.example()} disabled={busy} />
                </label>
                <label>
                    { "or choose a file, or drop one here" }
                    <input type="file" data-testid="data-file" onchange={chosen}
                        disabled={busy} />
                </label>
                { view_phase(&props.view.phase) }
                if let Some(wrong) = &props.view.wrong {
                    <p class="notice" data-tone="bad" role="alert" data-testid="data-error">
                        { wrong }
                    </p>
                }
                <div class="data-panel__end">
                    if props.view.loaded {
                        <button class="button" type="button" disabled={busy}
                            onclick={props.on_action.reform(|_| Action::LessonsMessages)}>
                            { words::LESSONS_MESSAGES }
                        </button>
                    }
                    <button class="button" data-look="main" type="submit" disabled={busy}
                        data-testid="data-load">
                        { "Load" }
                    </button>
                </div>
            </form>
        </Panel>
    }
}

fn view_format(view: &DataView, page: &Page) -> Html {
    let page = page.clone();
    let choose = Callback::from(move |event: Event| {
        let value = event.target_unchecked_into::<HtmlSelectElement>().value();
        page.set_format(Format::named(&value));
    });
    html! {
        <label>
            { "Each row is" }
            <select data-testid="data-format" onchange={choose}>
                for format in Format::ALL {
                    <option value={format.name()} selected={format == view.format}>
                        { format.label() }
                    </option>
                }
            </select>
        </label>
    }
}

fn view_column(view: &DataView, page: &Page) -> Html {
    let Some(what) = view.format.part() else { return Html::default() };
    let page = page.clone();
    let choose = Callback::from(move |event: Event| {
        page.set_column(event.target_unchecked_into::<HtmlSelectElement>().value());
    });
    html! {
        <label>
            { what }
            <select data-testid="data-column" onchange={choose}
                disabled={view.columns.is_empty()}>
                if view.columns.is_empty() {
                    <option value="">{ words::COLUMNS_LATER }</option>
                }
                for column in &view.columns {
                    <option value={column.clone()} selected={*column == view.column}>
                        { column }
                    </option>
                }
            </select>
        </label>
    }
}

fn view_phase(phase: &Phase) -> Html {
    match phase {
        Phase::Waiting => Html::default(),
        Phase::Working { told, done, of } => html! {
            <div>
                <progress id="data-progress" data-testid="data-progress" max={of.to_string()}
                    value={done.to_string()} aria-label={told.clone()} />
                <p class="panel__note">{ told }</p>
            </div>
        },
    }
}
