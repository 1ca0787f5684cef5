//! What happens, in one sentence a system, directly under the picture.

use crate::view::captions::CaptionsView;
use yew::prelude::*;

#[derive(Debug, PartialEq, Properties)]
pub(crate) struct Props {
    pub(crate) view: CaptionsView,
}

/// The captions.
#[component]
pub(crate) fn Captions(props: &Props) -> Html {
    let view = &props.view;
    html! {
        <div class="captions">
            <span class="captions__time">{ &view.time }{ " s" }</span>
            <p data-system="kafka" data-testid="caption-kafka">
                <span class="system">{ "Kafka" }</span>{ " " }{ &view.kafka }
            </p>
            <p data-system="rabbitmq" data-testid="caption-rabbitmq">
                <span class="system">{ "RabbitMQ" }</span>{ " " }{ &view.rabbitmq }
            </p>
        </div>
    }
}
