//! A stream: a log that stays, and where its consumers read in it.

use crate::item::{Anchor, Dash};
use crate::metrics::{CELL, GAP};
use crate::scene::Scene;
use crate::sheet::{BODY, LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::fitted;
use brokerscope_core::map::sort_by_key;
use brokerscope_core::rabbitmq::snapshot::QueueSnapshot;

/// Every so manieth offset is written.
const EACH: u64 = 5;

/// Below the messages, for the names of consumers.
pub(super) const NAMES: Len = px(14);

/// The places `first` to `end` of a stream, in its box.
pub(super) struct Stream<'a> {
    pub(super) queue: &'a QueueSnapshot,
    pub(super) first: u64,
    pub(super) area: Area,
}

impl Stream<'_> {
    /// Marks where each consumer reads next, and some offsets. `place_of` says where places stand.
    pub(super) fn draw(
        &self,
        sheet: &mut Sheet,
        scene: &Scene<'_>,
        place_of: impl Fn(usize) -> Area,
    ) {
        let (first, end) = (self.first, self.queue.enqueued);
        let cell = |offset: u64| place_of(usize::try_from(offset - first).unwrap_or(0));
        for offset in (first..end).filter(|it| it.is_multiple_of(EACH)) {
            let at = cell(offset);
            let text = fitted(&offset.to_string(), BODY.size, BODY.weight, at.width + GAP);
            let at = Point::new(at.centre().x, at.bottom() + px(12));
            sheet.text_at(at, Anchor::Middle, QUIET, text);
        }
        let style = LABEL.tone(Tone::Rabbit);
        let mut marks = Vec::new();
        for (offset, names) in self.marks(scene) {
            // After the last message rather than in a line that is not there.
            let behind = offset == end && first < end;
            let there = cell(if behind { offset - 1 } else { offset });
            let x = if behind { there.right() + GAP.half() } else { there.x - GAP.half() };
            marks.push((Point::new(x, there.bottom() + NAMES + px(12)), names));
        }
        // Names stand right of their mark, or left of it, or not at all: cards tell it too.
        let mut taken = Point::default();
        for (place, (low, names)) in marks.iter().enumerate() {
            let top = low.offset(Len::ZERO, -(NAMES + px(14) + CELL));
            sheet.segment(top, *low, line(Tone::Rabbit, 20, Dash::Solid));
            let next = marks.get(place + 1).filter(|it| it.0.y == low.y);
            let limit = next.map_or(self.area.right(), |it| it.0.x);
            let begin = if taken.y == low.y { taken.x } else { self.area.x };
            let (right, left) = (limit - low.x - px(6), low.x - begin - px(6));
            let wanted = style.width(names).min(px(28));
            let end = if wanted <= right {
                sheet.text(low.offset(px(3), Len::ZERO), style, right, names)
            } else {
                if wanted <= left {
                    sheet.text_before(low.offset(-px(3), Len::ZERO), style, left, names);
                }
                low.x
            };
            taken = Point::new(end, low.y);
        }
    }

    /// The offsets that consumers read next, with their names; those that are not shown any more
    /// count as the first.
    fn marks(&self, scene: &Scene<'_>) -> Vec<(u64, String)> {
        let mut marks: Vec<(u64, String)> = Vec::new();
        for consumer in &scene.rabbitmq.consumers {
            let Some(offset) = consumer.standing.offset else { continue };
            if consumer.queue != self.queue.name {
                continue;
            }
            let offset = offset.clamp(self.first, self.queue.enqueued);
            match marks.iter_mut().find(|it| it.0 == offset) {
                Some((_, names)) => {
                    *names += ", ";
                    *names += consumer.name.as_str();
                }
                None => marks.push((offset, consumer.name.to_string())),
            }
        }
        sort_by_key(&mut marks, |it| it.0);
        marks
    }
}
