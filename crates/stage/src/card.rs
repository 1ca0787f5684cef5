//! A consumer's card: who it is, what it is doing, what it holds.

use crate::cell::{Look, mark};
use crate::item::{Anchor, Dash};
use crate::metrics::{CELL, Metrics};
use crate::scene::{Lane, Scene, Target};
use crate::sheet::{BODY, LABEL, NAME, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, counted, joined};
use brokerscope_core::name::ConsumerName;
use brokerscope_core::sim::SimTime;
use brokerscope_core::workload::MessageId;

/// How many consumers of one place have a full card; more have a line each.
pub(crate) const FULL: usize = 8;
/// How many consumers of one place are shown one by one.
const SHOWN: usize = 24;
/// The height of a consumer's line.
const SLIM: Len = px(28);

/// A consumer of either system, as its card shows it.
#[derive(Debug)]
pub(crate) struct Card<'a> {
    pub(crate) lane: Lane,
    pub(crate) name: &'a ConsumerName,
    pub(crate) doing: Doing,
    /// What it holds, what it works on first.
    pub(crate) holds: Vec<MessageId>,
    pub(crate) processed: u64,
    /// A second line about it.
    pub(crate) about: String,
    /// A word beside its name.
    pub(crate) tag: String,
    /// Whether the second line tells of something that went wrong.
    pub(crate) trouble: bool,
}

/// What a consumer is doing, as its card shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It is not running, and nobody wanted that.
    Crashed,
    /// It is not running.
    Closed,
    /// It has nothing to do and will not get anything.
    Idle,
    /// It gets nothing until another that does is gone.
    StandsBy,
    /// Its application was paused.
    Paused,
    /// It does what these words say.
    Says(&'static str),
    /// It works on a message: so many thousandths of it are done.
    Works(MessageId, i32),
}

impl Doing {
    /// Working on that message for that time.
    pub(crate) fn works(message: MessageId, began: SimTime, done: SimTime, now: SimTime) -> Self {
        let whole = done.since(began).0.max(1);
        let share = now.since(began).0.min(whole) * 1_000 / whole;
        Self::Works(message, i32::try_from(share).unwrap_or(1_000))
    }

    /// In words.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Crashed => "crashed".to_owned(),
            Self::Closed => "closed".to_owned(),
            Self::Idle => "idle".to_owned(),
            Self::StandsBy => "stands by".to_owned(),
            Self::Paused => "paused".to_owned(),
            Self::Says(words) => words.to_owned(),
            Self::Works(message, _) => joined(&["works on ", &message.to_string()]),
        }
    }

    /// Whether it takes part.
    pub(crate) fn runs(self) -> bool {
        !matches!(self, Self::Crashed | Self::Closed)
    }
}

/// The accent of a system.
pub(crate) const fn accent(lane: Lane) -> Tone {
    match lane {
        Lane::Kafka => Tone::Kafka,
        Lane::RabbitMq => Tone::Rabbit,
    }
}

/// A stack of cards, or below the storage a grid of them.
pub(crate) struct Stack {
    pub(crate) at: Point,
    pub(crate) columns: i32,
    /// From one card to the next.
    pub(crate) pitch: Len,
}

impl Stack {
    /// Draws the cards; tells where each stands, and where the stack ends.
    pub(crate) fn draw(
        &self,
        sheet: &mut Sheet,
        scene: &Scene<'_>,
        m: &Metrics,
        cards: &[Card<'_>],
    ) -> (Vec<Area>, Len) {
        let slim = FULL < cards.len();
        let (height, pitch) = if slim { (SLIM, SLIM + px(4)) } else { (self.card(), self.pitch) };
        let mut areas = Vec::new();
        let mut bottom = self.at.y;
        for (place, card) in (0..).zip(cards.iter().take(SHOWN)) {
            let x = self.at.x + (m.card + px(8)) * (place % self.columns);
            let y = self.at.y + pitch * (place / self.columns);
            let area = Area::new(x, y, m.card, height);
            if slim {
                card.draw_slim(sheet, area);
            } else {
                card.draw(sheet, scene, m, area);
            }
            sheet.hit(area, Target::Consumer(card.lane, card.name.clone()), card.label());
            areas.push(area);
            bottom = y + pitch;
        }
        if let Some(rest) = cards.get(SHOWN..).filter(|it| !it.is_empty()) {
            let works = rest.iter().filter(|it| matches!(it.doing, Doing::Works(..))).count();
            let (more, works) = (count(rest.len() as u64), count(works as u64));
            let text = joined(&["and ", &more, " more, ", &works, " at work"]);
            let at = Point::new(self.at.x + px(4), bottom + px(12));
            sheet.text(at, QUIET, m.card, &text);
            bottom += px(20);
        }
        (areas, bottom)
    }

    fn card(&self) -> Len {
        crate::metrics::CARD
    }
}

impl Card<'_> {
    /// The card in words.
    fn label(&self) -> String {
        let mut label = joined(&["consumer ", self.name.as_str(), ": ", &self.doing.words()]);
        for said in [&self.tag, &self.about] {
            if !said.is_empty() {
                label += &joined(&[", ", said]);
            }
        }
        label + ", " + &counted(self.processed, "message", "messages") + " done"
    }

    fn frame(&self, sheet: &mut Sheet, area: Area) {
        let quiet = line(Tone::Line, 15, Dash::Dashed);
        let (fill, border) = match self.doing {
            Doing::Crashed => (Tone::BadSoft, line(Tone::Bad, 15, Dash::Solid)),
            Doing::Closed | Doing::Idle | Doing::StandsBy => (Tone::Surface, quiet),
            Doing::Paused | Doing::Says(_) | Doing::Works(..) => {
                (Tone::Surface, line(accent(self.lane), 15, Dash::Solid))
            }
        };
        sheet.rect(area, 10, Some(fill), Some(border));
    }

    /// The sign of a state, in the upper right corner; tells where it begins.
    fn sign(&self, sheet: &mut Sheet, area: Area) -> Len {
        let right = area.right() - px(12);
        let at = Point::new(right - px(10), area.y + px(9));
        let p = |x: i32, y: i32| at.offset(px(x), px(y));
        if self.doing == Doing::Crashed {
            let stroke = line(Tone::Bad, 20, Dash::Solid);
            sheet.segment(p(0, 0), p(9, 9), stroke);
            sheet.segment(p(9, 0), p(0, 9), stroke);
            return at.x - px(8);
        }
        if self.doing == Doing::Paused {
            let stroke = line(accent(self.lane), 30, Dash::Solid);
            sheet.segment(p(2, 1), p(2, 8), stroke);
            sheet.segment(p(8, 1), p(8, 8), stroke);
            return at.x - px(8);
        }
        right
    }

    fn words_tone(&self) -> Tone {
        match self.doing {
            Doing::Crashed => Tone::Bad,
            Doing::Works(..) | Doing::Paused => Tone::Text,
            Doing::Closed | Doing::Idle | Doing::StandsBy | Doing::Says(_) => Tone::Muted,
        }
    }

    fn draw(&self, sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, area: Area) {
        self.frame(sheet, area);
        let left = area.x + px(12);
        let inner = area.width - px(24);
        let right = self.sign(sheet, area);
        let done = joined(&[&count(self.processed), " done"]);
        let done_at = Point::new(right, area.y + px(18));
        let done_left = sheet.text_before(done_at, QUIET, inner - px(24), &done);
        let name_at = Point::new(left, area.y + px(18));
        let name_end = sheet.text(name_at, NAME, done_left - px(8) - left, self.name.as_str());
        let tag_at = Point::new(name_end + px(8), name_at.y);
        let tag_room = done_left - px(8) - tag_at.x;
        let tagged = !self.tag.is_empty() && QUIET.width(&self.tag) <= tag_room;
        if tagged {
            sheet.text(tag_at, QUIET, tag_room, &self.tag);
        }

        let words = self.doing.words();
        // Where it does not fit beside the name it is said before what else is said, or else
        // after what the consumer is doing.
        let comma = if self.about.is_empty() || self.tag.is_empty() { "" } else { ", " };
        let tag = if tagged { "" } else { self.tag.as_str() };
        let mut about = joined(&[tag, if tagged { "" } else { comma }, &self.about]);
        let mut after = "";
        if inner < QUIET.width(&about) && !tagged {
            about.clone_from(&self.about);
            let free = inner - BODY.width(&words) - px(8);
            after = if QUIET.width(tag) <= free { tag } else { "" };
        }
        let beside = if after.is_empty() { Len::ZERO } else { px(8) + QUIET.width(after) };
        let wide = (BODY.width(&words) + beside).max(QUIET.width(&about));
        let fit = ((inner - wide - px(4)).0 / m.pitch().0).clamp(0, 3);
        let fit = usize::try_from(fit).unwrap_or(0);
        let shown = self.holds.len().min(fit);
        let mut x = area.right() - px(10);
        for (place, message) in self.holds[..shown].iter().enumerate().rev() {
            x = x - m.cell;
            let works = place == 0 && matches!(self.doing, Doing::Works(..));
            let look = if works { Look::Ringed } else { Look::Solid };
            let cell = Area::new(x, area.y + px(24), m.cell, CELL);
            sheet.cell(cell, mark(scene.workload, *message), *message, look);
            let verb = if works { " works on message " } else { " holds message " };
            let label = joined(&[self.name.as_str(), verb, &message.to_string()]);
            sheet.hit(cell, Target::Message(*message), label);
            x = x + m.cell - m.pitch();
        }
        let room = if shown == 0 { inner } else { x - left };
        let said = BODY.tone(self.words_tone());
        let words_at = Point::new(left, area.y + px(35));
        let end = sheet.text(words_at, said, room - beside, &words);
        sheet.text(Point::new(end + px(8), words_at.y), QUIET, beside, after);
        let style = if self.trouble { QUIET.tone(Tone::Bad) } else { QUIET };
        sheet.text(Point::new(left, area.y + px(50)), style, room, &about);
        self.progress(sheet, area);
    }

    /// How far the work is, along the lower edge.
    fn progress(&self, sheet: &mut Sheet, area: Area) {
        let Doing::Works(_, share) = self.doing else { return };
        let from = Point::new(area.x + px(12), area.bottom() - px(4));
        let length = area.width - px(24);
        let whole = line(Tone::Line, 30, Dash::Solid);
        sheet.segment(from, from.offset(length, Len::ZERO), whole);
        let done = line(accent(self.lane), 30, Dash::Solid);
        sheet.segment(from, from.offset(length * share / 1_000, Len::ZERO), done);
    }

    fn draw_slim(&self, sheet: &mut Sheet, area: Area) {
        self.frame(sheet, area);
        let baseline = area.y + px(18);
        let left = Point::new(area.x + px(12), baseline);
        let name = LABEL.tone(Tone::Text);
        let end = sheet.text(left, name, area.width.half() - px(16), self.name.as_str());
        let right = Point::new(area.right() - px(12), baseline);
        let room = right.x - end - px(8);
        let words = self.doing.words();
        let words = crate::words::fitted(&words, BODY.size, BODY.weight, room);
        sheet.text_at(right, Anchor::End, BODY.tone(self.words_tone()), words);
    }
}
