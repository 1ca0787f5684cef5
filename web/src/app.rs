//! The page's parts and where they stand.

use crate::components::breaker::Breaker;
use crate::components::captions::Captions;
use crate::components::data_panel::DataPanel;
use crate::components::header::Header;
use crate::components::help::Help;
use crate::components::ledger::Ledger;
use crate::components::log::Log;
use crate::components::mirror::Mirror;
use crate::components::notice::Notice;
use crate::components::question::Question;
use crate::components::stage::Stage;
use crate::components::transport::Transport;
use crate::page::Page;
use crate::session::{Action, Open};
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) page: Page,
}

/// The page.
#[component]
pub(crate) fn App(props: &Props) -> Html {
    let page = &props.page;
    let views = use_state_eq(|| page.views());
    let on_action = {
        let page = page.clone();
        use_callback((), move |action: Action, ()| page.act(action))
    };
    {
        let (page, views) = (page.clone(), views.setter());
        use_effect_with((), move |()| {
            page.watch(Callback::from(move |new| views.set(new)));
            page.listen_to_keys();
        });
    }
    html! {
        <>
            <Header view={views.header.clone()} on_action={on_action.clone()} />
            <main class="page">
                for notice in &views.problems {
                    <Notice key={notice.text.clone()} view={notice.clone()}
                        on_action={on_action.clone()} />
                }
                <Question view={views.question.clone()} on_action={on_action.clone()} />
                <div class="stage">
                    <Stage view={views.stage.clone()} page={page.clone()}
                        on_action={on_action.clone()} />
                    <div class="stage__foot">
                        <Captions view={views.captions.clone()} />
                        <Breaker view={views.breaker.clone()} on_action={on_action.clone()} />
                    </div>
                </div>
                <div class="page__results">
                    <Ledger view={views.ledger.clone()} />
                    <Log view={views.log.clone()} on_action={on_action.clone()} />
                </div>
                <Mirror view={views.mirror.clone()} />
                <p ref={page.voice()} class="heard" role="status" data-testid="voice" />
            </main>
            <Transport view={views.transport.clone()} scrubber={page.scrubber()}
                on_action={on_action.clone()} />
            { view_panel(views.open, page, views.data.clone(), &on_action) }
        </>
    }
}

fn view_panel(
    open: Open,
    page: &Page,
    data: crate::view::data::DataView,
    on_action: &Callback<Action>,
) -> Html {
    match open {
        Open::Nothing => Html::default(),
        Open::Help => html! { <Help on_action={on_action.clone()} /> },
        Open::Data => html! {
            <DataPanel view={data} page={page.clone()} on_action={on_action.clone()} />
        },
    }
}
