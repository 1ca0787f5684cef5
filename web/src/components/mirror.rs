//! The picture as tables, for those who hear the page and for those who want them.

use crate::view::mirror::{MirrorView, TableView};
use crate::words;
use yew::prelude::*;

/// The tables. Whether everybody sees them is of no interest to a link.
pub(crate) fn mirror(view: &MirrorView, shown: &UseStateHandle<bool>) -> Html {
    let toggle = {
        let shown = shown.clone();
        Callback::from(move |_: MouseEvent| shown.set(!*shown))
    };
    let (class, label) =
        if **shown { ("mirror__shown", words::HIDE_TABLES) } else { ("heard", words::SHOW_TABLES) };
    html! {
        <section class="mirror" aria-label={words::AS_TABLES}>
            <button class="mirror__toggle" type="button" aria-expanded={shown.to_string()}
                onclick={toggle}>
                { label }
            </button>
            <div {class} data-testid="mirror">
                for table in &view.tables {
                    { view_table(table) }
                }
            </div>
        </section>
    }
}

fn view_table(table: &TableView) -> Html {
    html! {
        <table key={table.title.clone()}>
            <caption>{ &table.title }</caption>
            <thead>
                <tr>
                    for heading in table.headings {
                        <th scope="col">{ *heading }</th>
                    }
                </tr>
            </thead>
            <tbody>
                for (place, row) in table.rows.iter().enumerate() {
                    <tr key={place}>
                        for (column, cell) in row.iter().enumerate() {
                            if column == 0 {
                                <th scope="row">{ cell }</th>
                            } else {
                                <td>{ cell }</td>
                            }
                        }
                    </tr>
                }
            </tbody>
        </table>
    }
}
