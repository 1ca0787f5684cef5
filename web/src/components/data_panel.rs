//! A person's own data as the workload.

use super::panel::panel;
use crate::data::{Format, Source};
use crate::page::Page;
use crate::session::Action;
use crate::view::data::{DataView, Phase, PlaceView};
use crate::words;
use brokerscope_core::kafka::config::Client;
use brokerscope_core::settings::Value as _;
use web_sys::{
    DragEvent, Event, FileList, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement,
};
use yew::prelude::*;

/// Paste, choose or drop; say what it is; load. What was typed is of no interest to a link.
pub(crate) fn data_panel(
    view: &DataView,
    page: &Page,
    (dialog, over): (&NodeRef, &UseStateHandle<bool>),
    on_action: &Callback<Action>,
) -> Html {
    let load = {
        let page = page.clone();
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
        let (page, over) = (page.clone(), over.clone());
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(false);
            let files = event.data_transfer().and_then(|data| data.files());
            offer_first(&page, files);
        })
    };
    let busy = !matches!(view.phase, Phase::Waiting);
    let content = html! {
        <>
            <form onsubmit={load} data-over={over.to_string()} ondragover={drag(true)}
                ondragleave={drag(false)} ondrop={drop}>
                <p class="panel__note">{ words::OWN_DATA_WHY }</p>
                <div class="data-panel__row">
                    { view_format(view, page) }
                    { view_column(view, page) }
                </div>
                { view_sources(view, page, busy) }
                { view_phase(&view.phase) }
                if let Some(wrong) = &view.wrong {
                    <p class="notice" data-tone="bad" role="alert" data-testid="data-error">
                        { wrong }
                    </p>
                }
                <div class="data-panel__end">
                    if view.loaded {
                        <button class="button" type="button" disabled={busy}
                            onclick={on_action.reform(|_| Action::LessonsMessages)}>
                            { words::LESSONS_MESSAGES }
                        </button>
                    }
                    <button class="button" data-look="main" type="submit" disabled={busy}
                        data-testid="data-load">
                        { "Load" }
                    </button>
                </div>
            </form>
            { view_place(&view.place, page) }
        </>
    };
    panel("data-panel", words::OWN_DATA, dialog, on_action, content)
}

/// Where a key would go, with the arithmetic.
fn view_place(view: &PlaceView, page: &Page) -> Html {
    let key = {
        let page = page.clone();
        Callback::from(move |event: InputEvent| {
            let key = event.target_unchecked_into::<HtmlInputElement>().value();
            page.ask_place(|place| place.key = key);
        })
    };
    let partitions = {
        let page = page.clone();
        Callback::from(move |event: InputEvent| {
            let count = event.target_unchecked_into::<HtmlInputElement>().value().parse().ok();
            let count = count.filter(|it| (1..=PlaceView::MOST).contains(it));
            page.ask_place(|place| place.partitions = count);
        })
    };
    let client = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let name = event.target_unchecked_into::<HtmlSelectElement>().value();
            page.ask_place(|place| place.client = Client::read(&name).unwrap_or(Client::Java));
        })
    };
    html! {
        <section class="data-panel__place">
            <h3>{ words::PLACE }</h3>
            <div class="data-panel__row">
                <label>
                    { "Key" }
                    <input data-testid="place-key" value={view.key.clone()} oninput={key} />
                </label>
                <label>
                    { "Partitions" }
                    <input data-testid="place-partitions" type="number" min="1"
                        max={PlaceView::MOST.to_string()} oninput={partitions}
                        value={view.partitions.map(|it| it.to_string())} />
                </label>
                <label>
                    { "Client" }
                    <select data-testid="place-client" onchange={client}>
                        for client in [Client::Java, Client::Librdkafka] {
                            <option value={client.as_str()} selected={client == view.client}>
                                { client.as_str() }
                            </option>
                        }
                    </select>
                </label>
            </div>
            <output data-testid="place">
                if view.partitions.is_none() {
                    { words::PLACE_AMONG }
                }
                for step in &view.steps {
                    <span>{ &step.operation }</span>
                    <span>{ &step.result }</span>
                }
            </output>
        </section>
    }
}

/// Where the data comes from: typed, or a file.
fn view_sources(view: &DataView, page: &Page, busy: bool) -> Html {
    let chosen = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let files = event.target_unchecked_into::<HtmlInputElement>().files();
            offer_first(&page, files);
        })
    };
    let typed = {
        let page = page.clone();
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            page.offer(Source::Text(text));
        })
    };
    html! {
        <>
            <label>
                { "Paste rows" }
                <textarea data-testid="data-text" spellcheck="false" oninput={typed}
                    placeholder={view.format.example()} disabled={busy} />
            </label>
            <label>
                { "or choose a file, or drop one here" }
                <input type="file" data-testid="data-file" onchange={chosen}
                    disabled={busy} />
            </label>
        </>
    }
}

/// Offers the file that was chosen or dropped, if one was.
fn offer_first(page: &Page, files: Option<FileList>) {
    if let Some(file) = files.and_then(|files| files.get(0)) {
        page.offer(Source::File(file));
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
