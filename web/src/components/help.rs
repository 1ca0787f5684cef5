//! The keys, and how to read the picture.

use super::panel::panel;
use crate::session::Action;
use crate::words;
use yew::prelude::*;

/// Help, over the page.
pub(crate) fn help(dialog: &NodeRef, on_action: &Callback<Action>) -> Html {
    let content = html! {
        <>
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
            <ul>
                <li><a href="notes.html">{ words::NOTES }</a></li>
                <li><a href="model.html">{ words::MODEL }</a></li>
            </ul>
        </>
    };
    panel("help", "Help", dialog, on_action, content)
}
