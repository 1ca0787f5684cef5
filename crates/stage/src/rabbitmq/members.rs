//! The members of a quorum queue, in lines under it: who leads, what each has, whether most of
//! them run.

use crate::item::Dash;
use crate::sheet::{BODY, QUIET, Sheet, Style, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, counted, joined};
use brokerscope_core::rabbitmq::snapshot::{MemberSnapshot, MembersSnapshot};

/// From one line of members to the next.
const LINE: Len = px(24);
/// The height of a member.
const MEMBER: Len = px(20);
/// The least width of a member.
const LEAST: Len = px(116);
/// How many stand side by side at most.
const MOST: i32 = 3;

/// Draws them from `at` on, no wider than `room`; tells where they end.
pub(super) fn draw(sheet: &mut Sheet, it: &MembersSnapshot, at: Point, room: Len) -> Len {
    let columns = (room.0 / LEAST.0).clamp(1, MOST);
    let each = room / columns;
    let mut end = at.y;
    for (place, member) in (0..).zip(&it.members) {
        let (column, row) = (each * (place % columns), LINE * (place / columns));
        let area = Area::new(at.x + column, at.y + row, each - px(4), MEMBER);
        let leads = it.leader == Some(member.node);
        let style = if member.up {
            let edge = line(if leads { Tone::Rabbit } else { Tone::Line }, 10, Dash::Solid);
            sheet.rect(area, 6, leads.then_some(Tone::RabbitSoft), Some(edge));
            BODY
        } else {
            sheet.rect(area, 6, Some(Tone::BadSoft), Some(line(Tone::Bad, 10, Dash::Dotted)));
            QUIET.tone(Tone::Bad)
        };
        let inner = area.inset(px(6));
        let (node, rest) = words(it, *member);
        let whole = joined(&["node ", &node, &rest]);
        let text = if style.width(&whole) <= inner.width { whole } else { node + &rest };
        sheet.text(Point::new(inner.x, area.y + px(14)), style, inner.width, &text);
        end = area.y + LINE;
    }
    let (said, style) = standing(it);
    sheet.text(Point::new(at.x, end + px(10)), style, room, &said);
    end + px(14)
}

/// A node, and how its member stands: ` leads, 12`, `: 11`, ` down, 9`.
fn words(it: &MembersSnapshot, member: MemberSnapshot) -> (String, String) {
    let state = match (member.up, it.leader == Some(member.node)) {
        (false, _) => " down, ",
        (true, true) => " leads, ",
        (true, false) => ": ",
    };
    (member.node.to_string(), joined(&[state, &count(member.has)]))
}

/// What the members can do as they stand.
fn standing(it: &MembersSnapshot) -> (String, Style) {
    let all = it.members.len();
    let (most, all) = ((all / 2 + 1).to_string(), all.to_string());
    let bad = QUIET.tone(Tone::Bad);
    if !it.has_majority() {
        return (joined(&["no majority: ", &most, " of ", &all, " nodes must run"]), bad);
    }
    if it.leader.is_none() {
        return ("no leader: the members choose one".to_owned(), bad);
    }
    if it.waiting != 0 {
        let entries = counted(it.waiting, "entry is", "entries are");
        return (joined(&[&entries, " not on ", &most, " nodes yet"]), QUIET);
    }
    (joined(&["entries on each; one counts when on ", &most]), QUIET)
}

/// The members in words.
pub(super) fn label(it: &MembersSnapshot) -> String {
    let mut label = String::new();
    for member in &it.members {
        let (node, state) = words(it, *member);
        label += &joined(&["node ", &node, &state, "; "]);
    }
    label + &standing(it).0
}
