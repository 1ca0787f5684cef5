//! What became of the messages, a row a reader.

use crate::view::ledger::{CellView, LedgerView, RowView, Tone};
use crate::words::{OUTCOMES, Outcome};
use yew::prelude::*;

/// The outcome of the run so far.
pub(crate) fn ledger(view: &LedgerView) -> Html {
    html! {
        <section class="ledger card" aria-labelledby="ledger-title">
            <h2 id="ledger-title">{ &view.title }</h2>
            <table data-testid="ledger" aria-labelledby="ledger-title">
                <thead>
                    <tr>
                        <td />
                        for outcome in &OUTCOMES {
                            { view_heading(outcome) }
                        }
                    </tr>
                </thead>
                <tbody>
                    for row in &view.rows {
                        { view_row(row) }
                    }
                </tbody>
            </table>
            <details class="ledger__words">
                <summary>{ "What these words mean" }</summary>
                <dl>
                    for outcome in &OUTCOMES {
                        <dt>{ outcome.name }</dt>
                        <dd>{ outcome.means }</dd>
                    }
                </dl>
            </details>
        </section>
    }
}

fn view_heading(outcome: &'static Outcome) -> Html {
    let id = format!("outcome-{}", outcome.id);
    html! {
        <th scope="col" key={outcome.id}>
            <button class="ledger__term" type="button" aria-describedby={id.clone()}>
                { outcome.name }
            </button>
            <span class="ledger__explanation" role="tooltip" {id}>{ outcome.means }</span>
        </th>
    }
}

fn view_row(row: &RowView) -> Html {
    html! {
        <tr key={row.key.clone()} data-system={row.system}>
            <th scope="row">
                <span class="system">{ row.title }</span>{ " " }<small>{ &row.reader }</small>
            </th>
            for cell in &row.cells {
                { view_cell(cell) }
            }
        </tr>
    }
}

fn view_cell(cell: &CellView) -> Html {
    let tone = match cell.tone {
        Tone::Zero => "zero",
        Tone::Plain => "plain",
        Tone::Bad => "bad",
    };
    html! {
        <td key={cell.outcome.id} data-outcome={cell.outcome.id} data-tone={tone}>
            <span class="ledger__label">{ cell.outcome.name }</span>
            if cell.tone == Tone::Bad {
                <span class="ledger__sign" />
            }
            { &cell.count }
        </td>
    }
}
