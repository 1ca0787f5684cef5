//! What there is to try: tasks that tick themselves.

use super::icon::Icon;
use crate::session::Action;
use crate::view::tasks::{TaskView, TasksView};
use crate::words;
use yew::prelude::*;

/// The tasks, each with a button that does it.
pub(crate) fn tasks(view: &TasksView, on_action: &Callback<Action>) -> Html {
    if view.tasks.is_empty() {
        return Html::default();
    }
    html! {
        <section class="tasks card" aria-labelledby="tasks-title" data-testid="tasks">
            <div class="tasks__head">
                <h2 id="tasks-title">{ words::TRY_THIS }</h2>
                <span role="status">{ words::done(view.done(), view.tasks.len()) }</span>
            </div>
            <ul>
                for (place, task) in view.tasks.iter().enumerate() {
                    { view_task(place, task, on_action) }
                }
            </ul>
        </section>
    }
}

fn view_task(place: usize, task: &TaskView, on_action: &Callback<Action>) -> Html {
    html! {
        <li key={place} class="tasks__task" data-testid="task" data-done={task.is_done.to_string()}>
            <span class="tasks__tick">
                if task.is_done {
                    { Icon::Done.html() }<span class="heard">{ words::DONE }</span>
                }
            </span>
            <p>{ &task.say }</p>
            <button class="button" type="button" data-testid="show-me"
                aria-label={words::show_me(&task.say)}
                onclick={on_action.reform(move |_| Action::ShowMe(place))}>
                { words::SHOW_ME }
            </button>
        </li>
    }
}
