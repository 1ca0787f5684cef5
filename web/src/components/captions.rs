//! What happens, in one sentence a system, directly under the picture.

use crate::view::captions::{CaptionView, CaptionsView};
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) view: CaptionsView,
}

/// The captions, each under the lane it is about.
#[component]
pub(crate) fn Captions(props: &Props) -> Html {
    html! {
        <div class="captions">
            { view_caption("kafka", "caption-kafka", "Kafka", &props.view.kafka) }
            { view_caption("rabbitmq", "caption-rabbitmq", "RabbitMQ", &props.view.rabbitmq) }
        </div>
    }
}

fn view_caption(
    system: &'static str,
    id: &'static str,
    name: &'static str,
    caption: &CaptionView,
) -> Html {
    html! {
        <p data-system={system} data-testid={id}>
            <span class="system">{ name }</span>{ " " }
            { &caption.sentence }
            if let Some(time) = caption.time() {
                { " " }<time>{ time }</time>
            }
        </p>
    }
}
