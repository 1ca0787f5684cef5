use super::*;
use crate::view::data::DataView;
use crate::view::ledger::LedgerView;

fn setting() -> Setting {
    Setting { is_framed: false, motion: Motion::Full, theme: Theme::Auto }
}

fn open(scenario: &str, at: &str) -> Session {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let query = Query { scenario: some(scenario), act: None, at: some(at), theme: None };
    Session::new(&query, setting())
}

fn crash_lesson(at: &str) -> Session {
    open("crash-before-commit", at)
}

fn seconds(s: u64) -> SimTime {
    SimTime(s * 1_000_000)
}

/// The number in a cell of the ledger, over all readers of a system.
fn counted(ledger: &LedgerView, system: &str, outcome: &str) -> u64 {
    let rows = ledger.rows.iter().filter(|row| row.system == system);
    let cells = rows.flat_map(|row| &row.cells).filter(|cell| cell.outcome.id == outcome);
    cells.map(|cell| cell.count.replace(',', "").parse::<u64>().unwrap()).sum()
}

#[test]
fn opened_directly_it_plays_and_ends_at_the_end() {
    let mut session = open("", "");
    assert!(session.is_playing(), "nobody has to press play");
    session.advance(100_000);
    assert_eq!(session.now(), SimTime(100_000));
    session.apply(Action::Speed(Speed::at(5)));
    session.advance(100_000);
    assert_eq!(session.now(), SimTime(900_000));
    session.advance(u64::from(u32::MAX));
    assert_eq!((session.now(), session.is_playing()), (session.end(), false));
    session.apply(Action::TogglePlay);
    assert_eq!((session.now(), session.is_playing()), (SimTime::START, true), "it begins again");
}

#[test]
fn it_waits_where_it_should_not_start_by_itself() {
    let query = Query::default();
    let framed = Session::new(&query, Setting { is_framed: true, ..setting() });
    assert_eq!(framed.playback, Playback::Waiting);
    let still = Session::new(&query, Setting { motion: Motion::Reduced, ..setting() });
    assert_eq!(still.playback, Playback::Paused);
    let there = crash_lesson("5.5s");
    assert_eq!((there.now(), there.is_playing()), (SimTime(5_500_000), false));
}

#[test]
fn an_instant_after_the_end_is_told_and_the_page_stands_at_the_end() {
    let mut session = crash_lesson("999s");
    assert_eq!(session.now(), session.end());
    let problems = session.views(DataView::default()).problems;
    assert!(problems[0].text.starts_with("999 s is after the end"), "{}", problems[0].text);
}

#[test]
fn a_crash_makes_both_systems_work_twice() {
    let mut session = crash_lesson("3s");
    session.apply(Action::Ask(Where::Both, "crash c1".to_owned()));
    session.apply(Action::ToEnd);
    let ledger = session.views(DataView::default()).ledger;
    for system in ["kafka", "rabbitmq"] {
        assert!(counted(&ledger, system, "twice") >= 1, "{system} shows a duplicate");
    }
}

#[test]
fn steps_go_forward_and_back_over_the_same_states() {
    let mut session = crash_lesson("5s");
    let mut seen = Vec::new();
    for _ in 0..20 {
        session.apply(Action::Step);
        seen.push((session.now(), session.hash()));
    }
    assert!(seen.is_sorted_by(|one, other| one.0 < other.0), "each step goes on");
    seen.pop();
    for earlier in seen.into_iter().rev() {
        session.apply(Action::StepBack);
        assert_eq!((session.now(), session.hash()), earlier);
    }
}

#[test]
fn the_thumb_holds_the_clock_and_lets_it_go_on() {
    let mut session = crash_lesson("");
    session.apply(Action::Scrub(5_000));
    session.advance(100_000);
    assert_eq!(session.now(), seconds(5), "it stands while it is held");
    session.apply(Action::LetGo);
    session.advance(100_000);
    assert_eq!(session.now(), SimTime(5_100_000));
    session.apply(Action::TogglePlay);
    session.apply(Action::Scrub(6_000));
    session.apply(Action::LetGo);
    assert!(!session.is_playing(), "what stood stands");
}

#[test]
fn a_command_in_the_past_drops_later_ones_and_undo_gives_them_back() {
    let mut session = crash_lesson("12s");
    session.apply(Action::Ask(Where::Kafka, "pause c2".to_owned()));
    session.apply(Action::SeekTo(seconds(8)));
    session.apply(Action::Ask(Where::Both, "crash c2".to_owned()));
    let told = session.views(DataView::default()).breaker.told.unwrap();
    assert!(told.text.contains("dropped your later change"), "{}", told.text);
    session.apply(Action::Undo);
    assert_eq!(session.now(), seconds(8));
    let asked: Vec<_> = session.run.commands().map(|(at, it)| (at, it.to_string())).collect();
    assert_eq!(asked, [(seconds(12), "kafka pause c2".to_owned())]);
}

#[test]
fn undo_restores_the_exact_state() {
    let mut session = crash_lesson("8s");
    let before = session.hash();
    session.apply(Action::Ask(Where::RabbitMq, "crash c2".to_owned()));
    assert_ne!(session.hash(), before);
    session.apply(Action::Undo);
    assert_eq!(session.hash(), before);
}

#[test]
fn an_added_consumer_gets_a_free_name() {
    let mut session = crash_lesson("8s");
    let count = session.consumers().len();
    session.apply(Action::Add(Where::Both));
    let consumers = session.consumers();
    assert_eq!(consumers.len(), count + 2, "one in each system");
    assert_eq!(consumers.iter().filter(|it| it.name.as_str() == "c3").count(), 2);
}

#[test]
fn the_only_broker_can_be_crashed_and_started_again() {
    let mut session = crash_lesson("8s");
    session.picture();
    let offered = |session: &mut Session| {
        session.picture();
        session.views(DataView::default()).breaker.broker.map(|(doing, _)| doing)
    };
    assert_eq!(offered(&mut session), Some(Doing::Crash));
    session.apply(Action::Ask(Where::Both, "crash broker 1".to_owned()));
    assert_eq!(offered(&mut session), Some(Doing::Restart));
}

#[test]
fn the_event_log_tells_of_the_crash_and_the_line_of_time_marks_it() {
    let mut session = crash_lesson("12s");
    let views = session.views(DataView::default());
    let told = |what: &str| views.log.entries.iter().any(|it| it.sentence.contains(what));
    assert!(told("c1 crashed"), "{:?}", views.log.entries);
    assert!(views.transport.marks.iter().any(|it| it.label == Some("crash")));
    assert!(views.log.entries.is_sorted_by(|one, other| one.at >= other.at), "newest first");
    session.apply(Action::Log(Scope::Everything));
    let everything = session.views(DataView::default()).log.entries;
    assert!(everything.iter().any(|it| it.sentence.contains("processed")), "all that can be seen");
}

#[test]
fn own_rows_become_the_messages_and_the_lessons_come_back() {
    use brokerscope_scenario::input::{Format, Reader};
    let mut session = crash_lesson("5s");
    let before = session.hash();
    let mut reader = Reader::new(Format::Lines);
    reader.push("zoë\nyara\nzoë\n".as_bytes()).unwrap();
    let mut trial = session.trial(reader.finish().unwrap());
    while !trial.explore(10_000) {}
    session.take(trial);
    session.apply(Action::ToEnd);
    session.picture();
    let views = session.views(DataView::default());
    assert_eq!(views.question.own_data.as_deref(), Some("with your 3 rows"));
    let messages = views.mirror.tables.last().expect("the messages are told last");
    let keys: Vec<_> = messages.rows.iter().map(|row| row[1].as_str()).collect();
    assert_eq!(keys, ["zoë", "yara", "zoë"]);
    session.apply(Action::LessonsMessages);
    session.apply(Action::SeekTo(seconds(5)));
    assert_eq!(session.hash(), before, "the lesson is as it was");
}

#[test]
fn the_address_opens_the_same_instant_again() {
    let mut session = crash_lesson("");
    assert_eq!(session.query(), "?scenario=crash-before-commit", "a running clock has no instant");
    session.apply(Action::SeekTo(SimTime(14_200_000)));
    assert_eq!(session.query(), "?scenario=crash-before-commit&at=14.2s");
}

#[test]
fn the_style_sheet_and_the_picture_have_the_same_colours() {
    use brokerscope_stage::{Palette, Tone};
    let sheet = include_str!("../../styles/tokens.css");
    let named = [
        ("surface", Tone::Surface),
        ("sunk", Tone::Sunk),
        ("line", Tone::Line),
        ("text", Tone::Text),
        ("muted", Tone::Muted),
        ("kafka", Tone::Kafka),
        ("kafka-soft", Tone::KafkaSoft),
        ("rabbitmq", Tone::Rabbit),
        ("rabbitmq-soft", Tone::RabbitSoft),
        ("bad", Tone::Bad),
        ("bad-soft", Tone::BadSoft),
        ("focus", Tone::Focus),
    ];
    for (name, tone) in named {
        let [light, dark] = [Palette::LIGHT, Palette::DARK].map(|it| it.colour(tone).css());
        let line = format!("--{name}: light-dark({light}, {dark});");
        assert!(sheet.contains(&line), "tokens.css has {line}");
    }
}

/// Every act of every lesson, opened at its beginning, with its name for complaints.
fn acts() -> impl Iterator<Item = (String, Session)> {
    let acts = LESSONS.iter().enumerate();
    let acts = acts.flat_map(|(lesson, it)| (0..it.acts.len()).map(move |act| (lesson, act)));
    acts.map(|(lesson, act)| {
        let mut session = open("", "");
        session.take_act(lesson, act);
        (format!("{}, act {}", LESSONS[lesson].name, act + 1), session)
    })
}

fn view(session: &mut Session) -> Views {
    session.picture();
    session.views(DataView::default())
}

#[test]
fn every_act_asks_before_it_tells() {
    for (name, mut session) in acts() {
        while !session.explore(100_000) {}
        let before = view(&mut session);
        assert!(before.card.is_none(), "{name} says nothing of its end");
        assert!(before.question.verdict.is_none(), "{name} keeps its answer");
        assert!((2..=4).contains(&before.question.answers.len()), "{name} has answers");
        let shown = before.question.answers.iter().any(|it| it.is_guess || !it.right.is_empty());
        assert!(!shown, "{name} shows no answer");
        session.apply(Action::Guess(1));
        session.apply(Action::ToEnd);
        let after = view(&mut session);
        let told = after.question.verdict.expect("it is told at the end").seen;
        assert!(told.contains("guess") && !told.contains("none of these"), "{name}: {told}");
        assert!(after.question.answers.iter().any(|it| !it.right.is_empty()), "{name}: {told}");
        let card = after.card.expect("it has a card");
        let said = card.sides.iter().flat_map(|it| &it.say);
        assert!(said.clone().all(|it| it != words::OTHERWISE), "{name}: its card is true");
        assert!(card.configurations.len() >= 2, "{name}: clients of both to copy");
        session.apply(Action::Guess(0));
        assert!(view(&mut session).question.answers[1].is_guess, "{name} takes no late guess");
        session.apply(Action::Restart);
        assert!(view(&mut session).question.verdict.is_none(), "{name} hides it again");
    }
}

#[test]
fn tasks_tick_when_they_are_shown_and_undo_goes_back() {
    for (name, mut session) in acts() {
        session.apply(Action::ToEnd);
        let (end, hash) = (session.now(), session.hash());
        let untouched = view(&mut session).tasks;
        assert!(untouched.tasks.iter().all(|it| !it.is_done), "{name}: nothing is done untouched");
        for place in 0..untouched.tasks.len() {
            let done = |session: &mut Session| view(session).tasks.tasks[place].is_done;
            session.apply(Action::ShowMe(place));
            assert!(session.is_playing(), "{name}: one can watch it");
            assert!(view(&mut session).breaker.told.is_some(), "{name}: it says what was asked");
            session.apply(Action::ToEnd);
            assert!(done(&mut session), "{name}: task {place} is done");
            session.apply(Action::Undo);
            assert_eq!((session.now(), session.hash()), (end, hash), "{name}: it is as it was");
            assert!(done(&mut session), "{name}: what was tried stays ticked");
        }
    }
}

#[test]
fn the_answer_is_that_of_the_persons_run() {
    let mut session = crash_lesson("");
    session.apply(Action::ToEnd);
    let untouched = view(&mut session).question.verdict.expect("it is told at the end").seen;
    session.apply(Action::SeekTo(seconds(5)));
    session.apply(Action::Ask(Where::Both, "pause c2".to_owned()));
    session.apply(Action::ToEnd);
    let changed = view(&mut session);
    let told = changed.question.verdict.expect("it is told at the end").seen;
    assert!(told.contains("your run") && !untouched.contains("your run"), "{told}");
    assert!(changed.card.is_some_and(|it| it.is_changed), "the card says whose run it is");
}

#[test]
fn an_act_leads_to_the_next_and_the_last_to_the_next_lesson() {
    for (name, mut session) in acts() {
        let next = session.next().map(|it| it.action);
        let (lesson, act) = (session.lesson, session.act);
        let expected = if act + 1 < session.lesson().acts.len() {
            Some(Action::Act(act + 1))
        } else {
            Some(Action::Lesson(lesson + 1)).filter(|_| lesson + 1 < LESSONS.len())
        };
        assert_eq!(next, expected, "{name}");
        session.apply(Action::ToEnd);
        let card = view(&mut session).card.expect("there is a card at the end");
        let offered = card.next.map(|it| it.action);
        assert_eq!(offered, expected, "{name} offers it at its end");
    }
}
