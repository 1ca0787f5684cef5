//! The keys, and how to read the picture.

use super::panel::Panel;
use crate::session::Action;
use crate::words;
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) on_action: Callback<Action>,
}

/// Help, over the page.
#[component]
pub(crate) fn Help(props: &Props) -> Html {
    html! {
        <Panel class="help" title="Help" on_close={props.on_action.reform(|()| Action::Close)}>
            <h3>{ "How to read the picture" }</h3>
            <dl>
                for (sign, means) in words::MARKS {
                    <dt>{ sign }</dt>
                    <dd>{ means }</dd>
                }
            </dl>
            <h3>{ "Keys" }</h3>
            <dl>
                for (keys, does) in words::KEYS {
                    <dt>
                        for key in keys {
                            <kbd>{ *key }</kbd>{ " " }
                        }
                    </dt>
                    <dd>{ does }</dd>
                }
            </dl>
        </Panel>
    }
}
