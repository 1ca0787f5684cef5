//! What happens, in one sentence a system, directly under the picture.

use crate::view::captions::{CaptionView, CaptionsView};
use yew::prelude::*;

/// The captions, each under the lane it is about.
pub(crate) fn captions(view: &CaptionsView) -> Html {
    html! {
        <div class="captions">
            { view_caption("kafka", "caption-kafka", "Kafka", &view.kafka) }
            { view_caption("rabbitmq", "caption-rabbitmq", "RabbitMQ", &view.rabbitmq) }
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
