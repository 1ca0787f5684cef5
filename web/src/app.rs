//! The page's parts and where they stand.

use crate::components::{
    breaker, captions, card, data_panel, header, help, ledger, log, mirror, notice, panel,
    question, settings, stage, tasks, transport,
};
use crate::page::Page;
use crate::session::{Action, Open, Views};
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) page: Page,
}

/// What the page remembers of the panel over it. Whether something is dragged there is of no
/// interest to a link.
struct Panel {
    dialog: NodeRef,
    over: UseStateHandle<bool>,
}

/// Opens a panel as soon as it is there.
#[hook]
fn use_panel(open: Open) -> Panel {
    let panel = Panel { dialog: use_node_ref(), over: use_state_eq(|| false) };
    {
        let (dialog, over) = (panel.dialog.clone(), panel.over.setter());
        use_effect_with(open, move |_| {
            over.set(false);
            panel::open(&dialog);
        });
    }
    panel
}

/// The page. It is the only component: it holds all that is remembered between two renders, and
/// its parts are functions of what there is to show.
#[component]
pub(crate) fn App(props: &Props) -> Html {
    let page = &props.page;
    let views = use_state(|| page.views());
    {
        let (page, views) = (page.clone(), views.setter());
        use_effect_with((), move |()| {
            page.watch(Callback::from(move |new| views.set(new)));
            page.listen_to_keys();
        });
    }
    let picture = stage::use_stage(&views.stage, page);
    let tables_shown = use_state_eq(|| false);
    let panel = use_panel(views.open);
    let on_action = {
        let page = page.clone();
        Callback::from(move |action: Action| page.act(action))
    };
    html! {
        <>
            { header::header(&views.header, &on_action) }
            <main class="page">
                for notice in &views.problems {
                    <key={notice.text.clone()}>{ notice::notice(notice, &on_action) }</>
                }
                { question::question(&views.question, &on_action) }
                <div class="stage">
                    { stage::stage(&views.stage, &picture, &on_action) }
                    <div class="stage__foot">
                        { captions::captions(&views.captions) }
                    </div>
                </div>
                <div class="page__results">
                    { ledger::ledger(&views.ledger) }
                    { log::log(&views.log, &on_action) }
                </div>
                { breaker::breaker(&views.breaker, &on_action) }
                { tasks::tasks(&views.tasks, &on_action) }
                if let Some(view) = &views.card {
                    { card::card(view, page, &on_action) }
                }
                { mirror::mirror(&views.mirror, &tables_shown) }
                <p ref={page.voice()} class="heard" role="status" data-testid="voice" />
            </main>
            { transport::transport(&views.transport, &page.scrubber(), &on_action) }
            { view_panel(&views, page, &panel, &on_action) }
        </>
    }
}

fn view_panel(views: &Views, page: &Page, panel: &Panel, on_action: &Callback<Action>) -> Html {
    match views.open {
        Open::Nothing => Html::default(),
        Open::Help => help::help(&panel.dialog, on_action),
        Open::Settings => settings::settings(&views.settings, &panel.dialog, on_action),
        Open::Data => {
            data_panel::data_panel(&views.data, page, (&panel.dialog, &panel.over), on_action)
        }
    }
}
