//! The exchanges that do more than carry a message to the queue of that name: who gets what, and
//! which bindings the newest message matches.

use crate::item::Dash;
use crate::metrics::Metrics;
use crate::places::Places;
use crate::scene::Scene;
use crate::sheet::{BODY, LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{counted, fitted, joined};
use brokerscope_core::rabbitmq::config::ExchangeType;
use brokerscope_core::rabbitmq::snapshot::{BindingSnapshot, ExchangeSnapshot};
use brokerscope_core::rabbitmq::table::{Field, Table};

/// The height of a binding's line.
const BINDING: Len = px(16);
/// How many bindings of an exchange are shown one by one.
const SHOWN: usize = 8;

/// What an exchange does, in a line of its own.
struct Line {
    /// Which messages.
    which: String,
    /// Where to.
    to: String,
    /// Whether the newest message goes that way.
    matched: bool,
}

/// Draws them from `at` on; tells where they end.
pub(super) fn draw(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    at: Point,
) -> Len {
    let mut y = at.y;
    let (x, right) = (at.x + m.margin, at.x + m.storage_end());
    for exchange in &scene.rabbitmq.exchanges {
        if exchange.name.as_str().is_empty() {
            continue;
        }
        let lines = lines(scene, exchange);
        let rows = i32::try_from(lines.len().min(SHOWN + 1)).unwrap_or(1);
        let area = Area::new(x, y, right - x, px(24) + BINDING * rows);
        sheet.rect(area, 6, None, Some(line(Tone::Line, 10, Dash::Solid)));
        title(sheet, scene, exchange, !lines.is_empty(), area);
        draw_lines(sheet, &lines, area);
        places.exchanges.push((exchange.name.clone(), area));
        y = area.bottom() + px(8);
    }
    y
}

fn bindings<'a>(scene: &Scene<'a>, of: &ExchangeSnapshot) -> Vec<&'a BindingSnapshot> {
    scene.rabbitmq.bindings.iter().filter(|it| it.source == of.name).collect()
}

/// Whether the bindings of an exchange differ in more than where they lead.
fn chooses(exchange: &ExchangeSnapshot, bindings: &[&BindingSnapshot]) -> bool {
    match exchange.kind {
        ExchangeType::Fanout => false,
        ExchangeType::Direct => {
            bindings.windows(2).any(|two| two[0].routing_key != two[1].routing_key)
        }
        ExchangeType::Topic | ExchangeType::Headers => true,
    }
}

/// Whether the bindings of an exchange are shown one a line.
pub(super) fn in_lines(scene: &Scene<'_>, exchange: &ExchangeSnapshot) -> bool {
    !exchange.name.as_str().is_empty() && chooses(exchange, &bindings(scene, exchange))
}

fn lines(scene: &Scene<'_>, exchange: &ExchangeSnapshot) -> Vec<Line> {
    let bindings = bindings(scene, exchange);
    let mut lines = Vec::new();
    if chooses(exchange, &bindings) {
        for it in &bindings {
            let which = match exchange.kind {
                ExchangeType::Headers => headers(&it.arguments),
                ExchangeType::Direct | ExchangeType::Fanout | ExchangeType::Topic => {
                    it.routing_key.to_string()
                }
            };
            lines.push(Line { which, to: destination(it), matched: it.matched });
        }
    }
    if let Some(alternate) = &exchange.alternate {
        lines.push(Line {
            which: "what matches nothing".to_owned(),
            to: joined(&["exchange ", alternate.as_str()]),
            matched: exchange.newest.is_some() && bindings.iter().all(|it| !it.matched),
        });
    }
    lines
}

/// Where a binding leads.
pub(super) fn destination(it: &BindingSnapshot) -> String {
    let kind = if it.destination.is_exchange() { "exchange " } else { "" };
    joined(&[kind, it.destination.as_str()])
}

/// What an exchange is, and either all it leads to or how the newest message fared.
fn title(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    exchange: &ExchangeSnapshot,
    in_lines: bool,
    area: Area,
) {
    let right = area.right();
    let baseline = area.y + px(16);
    let at = Point::new(area.x + px(10), baseline);
    let end = sheet.text(at, QUIET, right - at.x, &joined(&[exchange.kind.as_str(), " "]));
    let room = (right - end - px(60)).max(px(20));
    let end = sheet.text(Point::new(end, baseline), BODY, room, exchange.name.as_str());
    let at = Point::new(end + px(8), baseline);
    let room = right - at.x - px(8);
    let bindings = bindings(scene, exchange);
    if !in_lines || !chooses(exchange, &bindings) {
        let mut to = String::new();
        for it in &bindings {
            to += if to.is_empty() { "" } else { ", " };
            to += &destination(it);
        }
        let to = if to.is_empty() { "nowhere" } else { &to };
        sheet.text(at, QUIET, room, &joined(&["→ ", to]));
    } else if let Some(newest) = exchange.newest {
        let matched = bindings.iter().filter(|it| it.matched).count();
        let how_many = if matched == 0 { "none".to_owned() } else { matched.to_string() };
        let said = joined(&[&newest.to_string(), " matches ", &how_many]);
        if QUIET.width(&said) <= room {
            sheet.text_before(Point::new(right - px(8), baseline), QUIET, room, &said);
        }
    }
}

/// The lines, one below the other; those that the newest message goes stand out.
fn draw_lines(sheet: &mut Sheet, lines: &[Line], area: Area) {
    let mut at = Point::new(area.x + px(10), area.y + px(32));
    let room = area.width - px(18);
    for it in lines.iter().take(SHOWN) {
        let style = if it.matched { LABEL } else { QUIET };
        let room = if it.matched { room - px(14) } else { room };
        // Where it leads is cut last.
        let to = joined(&[" → ", &it.to]);
        let left = (room - style.width(&to)).max(room / 3);
        let which = fitted(&it.which, style.size, style.weight, left);
        sheet.text(at, style, room, &joined(&[&which, &to]));
        if it.matched {
            sheet.check(Point::new(area.right() - px(14), at.y - px(4)));
        }
        at.y += BINDING;
    }
    let more = lines.len().saturating_sub(SHOWN) as u64;
    if more != 0 {
        let said = joined(&["and ", &counted(more, "more binding", "more bindings")]);
        sheet.text(at, QUIET, room, &said);
    }
}

/// What a binding of a headers exchange asks for: `type = pdf and pages = 2`.
pub(super) fn headers(arguments: &Table) -> String {
    let mut how = "all";
    if let Some(Field::Text(text)) = arguments.get("x-match") {
        how = text;
    }
    let any = how.starts_with("any");
    let with_x = how.ends_with("-with-x");
    let mut said = String::new();
    for (name, value) in arguments {
        if &**name == "x-match" || (!with_x && name.starts_with("x-")) {
            continue;
        }
        if !said.is_empty() {
            said += if any { " or " } else { " and " };
        }
        match field(value) {
            Some(value) => said += &joined(&[name, " = ", &value]),
            None => said += &joined(&["has ", name]),
        }
    }
    match (said.is_empty(), any) {
        (false, _) => said,
        (true, true) => "nothing".to_owned(),
        (true, false) => "everything".to_owned(),
    }
}

/// A value as people write it; none for the value that stands for any.
fn field(value: &Field) -> Option<String> {
    Some(match value {
        Field::Void => return None,
        Field::Bool(it) => if *it { "true" } else { "false" }.to_owned(),
        Field::Int(it) => it.to_string(),
        Field::Decimal { digits, places } => decimal(*digits, usize::from(*places)),
        Field::Text(it) => it.to_string(),
        Field::List(_) => "a list".to_owned(),
        Field::Table(_) => "a table".to_owned(),
        Field::Time(it) => it.to_string(),
    })
}

/// `digits` with the point before the last `places` of them.
fn decimal(digits: i64, places: usize) -> String {
    let mut text = digits.unsigned_abs().to_string();
    while text.len() <= places {
        text.insert(0, '0');
    }
    text.insert(text.len() - places, '.');
    joined(&[if digits < 0 { "-" } else { "" }, &text])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: &[(&str, Field)], said: &str) {
        let arguments = fields.iter().map(|(name, it)| ((*name).into(), it.clone())).collect();
        assert_eq!(headers(&arguments), said);
    }

    #[test]
    fn what_a_headers_binding_asks_for_is_said_in_words() {
        let (pdf, two) = (("type", "pdf".into()), ("pages", Field::Int(2)));
        check(&[pdf.clone(), two.clone()], "pages = 2 and type = pdf");
        check(&[pdf.clone(), two, ("x-match", "any".into())], "pages = 2 or type = pdf");
        check(&[pdf.clone(), ("x-from", Field::Void)], "type = pdf");
        let with_x = ("x-match", "all-with-x".into());
        check(&[pdf, ("x-from", Field::Void), with_x], "type = pdf and has x-from");
        check(&[], "everything");
        check(&[("x-match", "any".into())], "nothing");
        check(&[("rate", Field::decimal(-5, 2))], "rate = -0.05");
    }
}
