//! Pictures of moments made by hand, and of random ones: what they look like, and what must hold
//! of every picture.
#![allow(clippy::unwrap_used, reason = "in a test it says where")]
#![allow(clippy::too_many_lines, reason = "a moment is a long list of what is where")]

mod lessons;
mod made;
mod rabbits;
mod random;
mod sketch;

use brokerscope_core::workload::MessageId;
use brokerscope_stage::item::{Item, Step};
use brokerscope_stage::unit::{Area, Len, Point, px};
use brokerscope_stage::{Lane, Motion, Options, Palette, Picture, Target, cells_that_fit, svg};
use expect_test::expect_file;
use made::{Made, all, options};
use std::fs;
use std::path::Path;

/// What a picture may consist of, whatever it shows.
const MOST_ITEMS: usize = 1_500;

/// Writes every moment in both palettes and several widths, for eyes, into cargo's folder for
/// what tests leave behind; and reads each as XML.
#[test]
fn every_moment_becomes_a_well_formed_svg() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for moment in all() {
        for (theme, palette) in [("light", Palette::LIGHT), ("dark", Palette::DARK)] {
            for width in [296, 700, 920, 1248, 1500] {
                let text = moment.svg(width, &palette);
                let path = folder.join(format!("{}-{width}-{theme}.svg", moment.name));
                fs::write(path, &text).expect("the folder can be written to");
                let read = roxmltree::Document::parse(&text);
                assert!(read.is_ok(), "{} at {width}: {read:?}", moment.name);
            }
        }
    }
}

/// Writes real runs of the built-in lessons at several instants, for eyes; and checks them as the
/// moments made by hand are checked.
#[test]
fn the_lessons_can_be_pictured_at_any_instant() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for lesson in lessons::all() {
        for second in (0..=24).map(|it| it * 1_100) {
            let moment = lesson.at(second);
            for width in [296, 1_248] {
                let picture = moment.picture(&options(width, Motion::Full));
                check_bounds(&picture, moment.name);
                let options = Options { width_px: width, ..Options::default() };
                let picture = moment.picture(&options);
                let text = svg::write(&picture, &Palette::LIGHT, moment.name, &picture.label);
                let path = folder.join(format!("run-{}-{second}-{width}.svg", moment.name));
                fs::write(path, &text).expect("the folder can be written to");
            }
        }
    }
}

#[test]
fn moments_look_like_this() {
    for moment in [
        made::crash_before_commit(),
        made::too_many_consumers(),
        made::compacted(),
        made::transactions(),
    ] {
        let wide = moment.picture(&options(1248, Motion::Full));
        expect_file![format!("golden/{}.txt", moment.name)].assert_eq(&sketch::draw(&wide));
    }
    let narrow = made::crash_before_commit().picture(&options(296, Motion::Reduced));
    expect_file!["golden/crash-before-commit-narrow.txt"].assert_eq(&sketch::draw(&narrow));
    for moment in rabbits::all() {
        let wide = moment.picture(&options(1248, Motion::Full));
        expect_file![format!("golden/{}.txt", moment.name)].assert_eq(&sketch::draw(&wide));
    }
    let two = made::two_of_everything().picture(&options(1248, Motion::Full));
    expect_file!["golden/two-of-everything.txt"].assert_eq(&sketch::draw(&two));
}

#[test]
fn an_svg_is_this_to_the_byte() {
    let light = made::crash_before_commit().svg(1248, &Palette::LIGHT);
    expect_file!["golden/crash-before-commit.svg"].assert_eq(&light);
    let dark = made::retained_or_removed().svg(296, &Palette::DARK);
    expect_file!["golden/retained-or-removed-narrow-dark.svg"].assert_eq(&dark);
}

#[test]
fn text_from_outside_stays_text() {
    let mut moment = made::crash_before_commit();
    let name = "<script>\"&'\u{1}</script>";
    moment.kafka.producers[0].name = name.into();
    moment.rabbitmq.publishers[0].name = name.into();
    moment.rabbitmq.queues[0].name = name.into();
    let text = moment.svg(1500, &Palette::LIGHT);
    let read = roxmltree::Document::parse(&text).expect("it is well-formed");
    assert!(!read.descendants().any(|it| it.has_tag_name("script")), "nothing became markup");
    let said = |it: roxmltree::Node<'_, '_>| it.text().is_some_and(|it| it.contains("<script>"));
    assert!(read.descendants().any(said), "the name is still shown");
}

/// Every moment, made and random, without what is under way: that may lie upon anything.
fn at_rest() -> Vec<Made> {
    let mut moments = all();
    moments.extend((0..24).map(random::moment));
    for moment in &mut moments {
        moment.kafka.flights.clear();
        moment.rabbitmq.flights.clear();
    }
    moments
}

fn widths() -> impl Iterator<Item = u16> {
    (280..=1_600).step_by(33).chain([296, 439, 440, 579, 580, 899, 900, 1_159, 1_160, 1_248])
}

#[track_caller]
fn assert_inside(picture: &Picture, area: Area, what: &str) {
    let whole = Area::new(Len::ZERO, Len::ZERO, px(picture.width_px), px(picture.height_px));
    let inside = whole.x <= area.x
        && whole.y <= area.y
        && area.right() <= whole.right()
        && area.bottom() <= whole.bottom();
    assert!(inside, "{what} lies at {area:?}, outside of {whole:?}");
}

fn points(steps: &[Step]) -> Vec<Point> {
    let point = |step: &Step| match *step {
        Step::Move(to) | Step::Line(to) | Step::Quad(_, to) | Step::Cubic(_, _, to) => Some(to),
        Step::Close => None,
    };
    steps.iter().filter_map(point).collect()
}

fn check_bounds(picture: &Picture, name: &str) {
    assert!(picture.items.len() <= MOST_ITEMS, "{name} has {} items", picture.items.len());
    for item in &picture.items {
        match item {
            Item::Rect(rect) => assert_inside(picture, rect.area, name),
            Item::Glyph(glyph) => assert_inside(
                picture,
                Area { x: glyph.at.x, y: glyph.at.y, ..Area::default() },
                name,
            ),
            Item::Text(text) => {
                let said = format!("{name}: '{}'", text.content);
                assert_inside(picture, text.extent(), &said);
                assert!(!text.content.is_empty(), "{name} says something");
            }
            Item::Path(path) => {
                for at in points(&path.steps) {
                    let area = Area::new(at.x, at.y, Len::ZERO, Len::ZERO);
                    assert_inside(picture, area, name);
                }
            }
        }
    }
    for hit in &picture.hits {
        assert_inside(picture, hit.area, &format!("{name}: {}", hit.label));
        assert!(!hit.label.is_empty(), "every place that can be chosen is labelled");
    }
}

#[test]
fn nothing_leaves_the_picture() {
    for motion in [Motion::Full, Motion::Reduced] {
        for mut moment in all().into_iter().chain((0..24).map(random::moment)) {
            let mut now = moment.now.0;
            for width in widths() {
                let name = format!("{} at {width}", moment.name);
                check_bounds(&moment.picture(&options(width, motion)), &name);
                now += 1_700;
                moment.now.0 = now;
            }
        }
    }
}

#[test]
fn nothing_lies_upon_what_it_should_not() {
    for moment in at_rest() {
        for width in widths() {
            let picture = moment.picture(&options(width, Motion::Full));
            check_overlaps(&picture, &format!("{} at {width}", moment.name));
        }
    }
}

fn check_overlaps(picture: &Picture, name: &str) {
    let texts: Vec<_> = picture
        .items
        .iter()
        .filter_map(|it| match it {
            Item::Text(text) => Some((text.extent(), text.content.as_str())),
            Item::Rect(_) | Item::Path(_) | Item::Glyph(_) => None,
        })
        .collect();
    for (place, (area, text)) in texts.iter().enumerate() {
        for (other, second) in &texts[place + 1..] {
            assert!(!area.overlaps(*other), "{name}: '{text}' and '{second}' overlap");
        }
    }
    let hits = |which: fn(&Target) -> bool| {
        picture.hits.iter().filter(move |it| which(&it.target)).collect::<Vec<_>>()
    };
    let cells = hits(|it| matches!(it, Target::Message(_)));
    let cards = hits(|it| matches!(it, Target::Consumer(..)));
    for kind in [&cells, &cards] {
        for (place, hit) in kind.iter().enumerate() {
            for other in &kind[place + 1..] {
                let apart = !hit.area.overlaps(other.area);
                assert!(apart, "{name}: '{}' and '{}' overlap", hit.label, other.label);
            }
        }
    }
    for hit in cells.iter().chain(&cards) {
        for (area, text) in &texts {
            let within = hit.area.x <= area.x && area.right() <= hit.area.right();
            let apart = !hit.area.overlaps(*area);
            assert!(within || apart, "{name}: '{text}' lies half upon '{}'", hit.label);
        }
    }
}

#[test]
fn the_same_scene_gives_the_same_bytes() {
    for moment in all() {
        let (one, two) = (moment.clone(), moment);
        assert_eq!(one.svg(1_248, &Palette::DARK), two.svg(1_248, &Palette::DARK));
    }
}

#[test]
fn a_message_looks_the_same_in_both_lanes() {
    let picture = made::crash_before_commit().picture(&options(1_248, Motion::Full));
    let hits = picture.hits.iter().filter(|it| it.target == Target::Message(MessageId(22)));
    let areas: Vec<Area> = hits.map(|it| it.area).collect();
    assert_eq!(areas.len(), 2, "once in the log, once in the queue");
    let shapes: Vec<_> = picture
        .items
        .iter()
        .filter_map(|it| match it {
            Item::Glyph(glyph) if areas.iter().any(|area| area.contains(glyph.at)) => {
                Some((glyph.shape, glyph.tone))
            }
            Item::Glyph(_) | Item::Rect(_) | Item::Path(_) | Item::Text(_) => None,
        })
        .collect();
    assert_eq!(shapes.len(), 2);
    assert_eq!(shapes[0], shapes[1]);
}

#[test]
fn what_is_under_way_is_where_the_instant_puts_it() {
    let mut moment = made::crash_before_commit();
    let place_of_23 = |moment: &Made, motion| {
        let picture = moment.picture(&options(1_248, motion));
        let texts = picture.items.iter().filter_map(|it| match it {
            Item::Text(text) if text.content == "23" => Some(text.at),
            Item::Text(_) | Item::Glyph(_) | Item::Rect(_) | Item::Path(_) => None,
        });
        texts.collect::<Vec<_>>()
    };
    let mut path = Vec::new();
    for ms in [14_000, 14_100, 14_200, 14_299] {
        moment.now.0 = ms * 1_000;
        let [kafka, rabbitmq] = place_of_23(&moment, Motion::Full)[..] else {
            panic!("23 is under way to each system");
        };
        path.push((kafka, rabbitmq));
    }
    assert!(path.windows(2).all(|two| two[0] != two[1]), "it moves: {path:?}");
    let still = place_of_23(&moment, Motion::Reduced);
    moment.now.0 = 14_010_000;
    assert_eq!(still, place_of_23(&moment, Motion::Reduced), "without motion it stands");
    moment.now.0 = 14_300_000;
    assert_eq!(place_of_23(&moment, Motion::Full), [], "it has arrived");
}

#[test]
fn what_is_chosen_is_ringed_wherever_it_is() {
    let moment = made::crash_before_commit();
    let plain = moment.picture(&options(1_248, Motion::Full));
    for (target, times) in [
        (Target::Message(MessageId(19)), 4),
        (Target::Consumer(Lane::Kafka, "c2".into()), 1),
        (Target::Queue("billing".into()), 1),
    ] {
        let chosen = Options { selected: Some(target), ..options(1_248, Motion::Full) };
        let picture = moment.picture(&chosen);
        assert_eq!(picture.items.len(), plain.items.len() + times, "{:?}", chosen.selected);
    }
}

#[test]
fn a_place_names_what_is_there() {
    let moment = made::crash_before_commit();
    let picture = moment.picture(&options(1_248, Motion::Full));
    for hit in &picture.hits {
        let at = hit.area.centre();
        let found = picture.hit(at.x.floor_px(), at.y.floor_px());
        assert!(found.is_some(), "{} can be pointed at", hit.label);
    }
    let labels: Vec<&str> = picture.hits.iter().map(|it| it.label.as_str()).collect();
    for label in [
        "message 17 in orders-0 at offset 6: not read yet",
        "message 17 in billing: ready again, redelivered",
        "message 19 in billing: unacknowledged, with c2",
        "consumer c1: crashed, 5 messages done",
        "partition orders-0: 8 records, offsets 0 to 8; group billing: committed 5, lag 3",
        "queue billing: ready 2, unacked 3, acked 17",
    ] {
        assert!(labels.contains(&label), "{label} is among {labels:#?}");
    }
}

/// Checks that some place of a moment says each of these.
#[track_caller]
fn check_labels(moment: &Made, expected: &[&str]) {
    let picture = moment.picture(&options(1_248, Motion::Full));
    let labels: Vec<&str> = picture.hits.iter().map(|it| it.label.as_str()).collect();
    for label in expected {
        assert!(labels.contains(label), "{label} is among {labels:#?}");
    }
}

#[test]
fn what_a_queue_can_do_is_said_in_words() {
    check_labels(
        &rabbits::bounded(),
        &[
            "message 4 in billing: dropped: rejected",
            "message 10 in billing: ready, its time is over: it goes at the head",
            "message 11 in billing: ready again, redelivered, priority 3, came back 1 time, \
             expires in 2.1s",
            "consumer c3: works on 20, priority 10, 2 of 5 unacked, 6 messages done",
            "consumer c1: stands by, 0 of 5 unacked, 6 messages done",
            "consumer c4: connects, 406 precondition failed, 6 messages done",
        ],
    );
    check_labels(
        &rabbits::quorum(),
        &["quorum queue audit: ready 2, unacked 1, acked 2; at most 1,000,000 messages; then \
           refuses what is new; nothing refused yet; node 1 down, 41; node 2: 40; node 3 down, 39; \
           no majority: 2 of 3 nodes must run"],
    );
    check_labels(
        &rabbits::retries(),
        &["message 9 in parked: ready; delivery_limit in billing; expired in retry 3 times; \
           rejected in billing 3 times"],
    );
    check_labels(&rabbits::stream(), &["message 8 in billing: at offset 7"]);
}

#[test]
fn the_scene_in_one_sentence() {
    let moment = made::crash_before_commit();
    let options = Options::default();
    assert_eq!(
        brokerscope_stage::sentence(&moment.scene(&options)),
        "At 14.20 s Kafka keeps 22 records in 3 partitions, lag 6; RabbitMQ has 2 messages ready \
         and 3 unacknowledged."
    );
}

#[test]
fn wider_pictures_show_more_one_by_one() {
    let fits: Vec<usize> = [280, 320, 900, 1_248, 1_600].map(cells_that_fit).to_vec();
    assert_eq!(fits, [28, 32, 21, 33, 51]);
}
