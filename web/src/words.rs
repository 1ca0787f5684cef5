//! Every sentence the page says on its own. What a scenario says stands in its file, what happened
//! is said by the facts.

use crate::address::clock;
use brokerscope_core::settings::nearest;
use brokerscope_core::sim::SimTime;
use brokerscope_scenario::Command;
use brokerscope_scenario::run::Answered;
use brokerscope_stage::count;
use std::fmt::Write;

/// The page's name.
pub(crate) const NAME: &str = "Brokerscope";

/// What a caption says of Kafka before anything happened that a beat waits for.
pub(crate) const KAFKA_ITSELF: &str = "keeps every record; each group moves its own bookmark.";
/// What a caption says of RabbitMQ before anything happened that a beat waits for.
pub(crate) const RABBITMQ_ITSELF: &str = "removes a message once it has been acknowledged.";

/// The invitation beside the captions.
pub(crate) const BREAK_SOMETHING: &str = "Break something";
/// Where else something can be broken.
pub(crate) const OR_CLICK: &str = "or choose a consumer in the picture: pause it, remove \
     it, in one system only";
/// The same where there are several brokers or nodes.
pub(crate) const OR_CLICK_BROKER: &str = "or choose a broker in the picture: crash it, stop it, \
     cut it off";
/// After what is done to Kafka’s only broker.
pub(crate) const THE_BROKER: &str = " Kafka’s broker";
/// What can be done to a broker or a node.
pub(crate) const CRASH: &str = "Crash";
/// It shuts down in order.
pub(crate) const STOP: &str = "Stop";
/// It starts again after a crash or a stop.
pub(crate) const RESTART: &str = "Restart";
/// A node starts again.
pub(crate) const START: &str = "Start";
/// Nothing passes between it and the other brokers or the controller.
pub(crate) const CUT_FROM_BROKERS: &str = "Cut off from brokers";
/// Nothing passes between it and producers or consumers.
pub(crate) const CUT_FROM_CLIENTS: &str = "Cut off from clients";
/// All its messages take longer.
pub(crate) const SLOW_DOWN: &str = "Slow its network";
/// Its messages pass as ever.
pub(crate) const MEND: &str = "Mend its network";
/// A node that serves.
pub(crate) const RUNS: &str = "runs";
/// A node that does not.
pub(crate) const STOPPED: &str = "stopped";

/// The menu of one of Kafka’s brokers.
pub(crate) fn kafkas(name: &str) -> String {
    format!("Kafka’s {name}")
}

/// The menu of one of RabbitMQ’s nodes.
pub(crate) fn rabbitmqs(name: &str) -> String {
    format!("RabbitMQ’s {name}")
}

/// The heading of the ledger.
pub(crate) const OUTCOME: &str = "Outcome so far";
/// Before the answer is told.
pub(crate) const GUESS: &str = "What do you think? The answer comes with the outcome.";
/// Leads from the answer to the closing card.
pub(crate) const WHY: &str = "What decided it";
/// Leads to the next act.
pub(crate) const NEXT_ACT: &str = "Next act →";
/// Leads to the next lesson.
pub(crate) const NEXT_LESSON: &str = "Next lesson →";
/// The acts of a lesson.
pub(crate) const ACTS: &str = "Acts of this lesson";
/// The heading of the tasks.
pub(crate) const TRY_THIS: &str = "Try this";
/// Does a task.
pub(crate) const SHOW_ME: &str = "Show me";
/// For those who hear the page, before a task that was done.
pub(crate) const DONE: &str = "Done:";
/// The heading of the closing card.
pub(crate) const IN_SHORT: &str = "In short";
/// The same, after a person has changed the run.
pub(crate) const IN_SHORT_CHANGED: &str = "In short, in your run";
/// In place of a sentence that is not true of a person's run.
pub(crate) const OTHERWISE: &str =
    "Your run went another way than the lesson: undo, or begin again, to see what it tells of.";
/// A setting that stands at its default.
pub(crate) const BY_DEFAULT: &str = "the default";
/// How clients are configured.
pub(crate) const CONFIGURATION: &str = "Client configuration";
/// Copies it.
pub(crate) const COPY: &str = "Copy";
/// It was copied.
pub(crate) const COPIED: &str = "Copied";
/// It could not be copied for the person, who can do so now.
pub(crate) const SELECTED: &str = "Selected: copy it";

/// The heading of the event log.
pub(crate) const WHAT_HAPPENED: &str = "What happened";
/// The event log before anything happened.
pub(crate) const NOTHING_YET: &str = "Nothing has gone otherwise than planned yet.";
/// The event log of a long run, of which only the latest is looked through.
pub(crate) const NOTHING_LATELY: &str = "Nothing has gone otherwise than planned lately.";
/// Whose an entry of the event log is, if it is both systems'.
pub(crate) const BOTH: &str = "Both";
/// The choice of the event log.
pub(crate) const EVERYTHING: &str = "everything";
/// On the picture of a lesson in someone else's page.
pub(crate) const PLAY_LESSON: &str = "Play";
/// The heading of the tables that mirror the picture.
pub(crate) const AS_TABLES: &str = "The picture as tables";
/// Shows these tables to everyone.
pub(crate) const SHOW_TABLES: &str = "Show the picture as tables";
/// Hides these tables from those who see the picture.
pub(crate) const HIDE_TABLES: &str = "Hide the tables";
/// Takes back the last command.
pub(crate) const UNDO: &str = "Undo";
/// Closes a notice, a menu or a panel.
pub(crate) const CLOSE: &str = "Close";

/// The link to the page that lists what the model does and leaves out.
pub(crate) const MODEL: &str = "What is modelled, simplified and not modelled";

/// The link to the page with the notes that the lessons answer.
pub(crate) const NOTES: &str = "The notes, line by line";
/// The same, where there is little room.
pub(crate) const NOTES_SHORT: &str = "Notes";

/// The heading of the panel for a person's own data.
pub(crate) const OWN_DATA: &str = "Your own messages";
/// The button that opens it.
pub(crate) const OWN_DATA_SHORT: &str = "Your data";
/// What it is for.
pub(crate) const OWN_DATA_WHY: &str = "Each row becomes a message, with the lesson's pace, work \
     and settings. The key decides the partition and the colour. Nothing leaves your browser.";
/// Ways back from it.
pub(crate) const LESSONS_MESSAGES: &str = "Back to the lesson’s messages";
/// What is wrong with loading when nothing was given.
pub(crate) const NO_DATA: &str = "There is nothing to load yet: paste some rows or choose a file.";
/// The choice of a column before there are any.
pub(crate) const COLUMNS_LATER: &str = "as soon as there are rows";
/// What is wrong with loading when no column or field could be chosen.
pub(crate) const NO_COLUMN: &str =
    "No name for the key can be found in the first row: is the format right?";
/// A file that cannot be read.
pub(crate) const UNREADABLE: &str = "The browser could not read this file.";

/// The heading of the panel with all settings.
pub(crate) const SETTINGS: &str = "Settings";
/// The button that opens it.
pub(crate) const SETTINGS_OF_ALL: &str = "Settings of brokers and clients";
/// What it shows.
pub(crate) const SETTINGS_WHY: &str = "Everything has its real name and, unless the lesson sets \
     it, the real default.";

/// How many settings of a machine are as they come.
pub(crate) fn at_their_defaults(count: usize) -> String {
    format!("{count} at their defaults")
}

/// Whose settings they are.
pub(crate) fn machines(kind: &str, names: &[String]) -> String {
    let plural = if 1 < names.len() { "s" } else { "" };
    format!("{kind}{plural} {}", names.join(", "))
}

/// The heading over the arithmetic from a key to its partition.
pub(crate) const PLACE: &str = "Which partition would a key get?";
/// What stands there while the number of partitions is none.
pub(crate) const PLACE_AMONG: &str = "A topic has 1 to 100,000 partitions.";

/// A lesson that is not there.
pub(crate) fn no_such_lesson(name: &str, lessons: &[&str]) -> String {
    let nearest = nearest(name, lessons.iter().copied()).unwrap_or_default();
    let count = lessons.len();
    format!("There is no lesson “{name}”; of the {count} there are the nearest is “{nearest}”.")
}

/// An act that is not there.
pub(crate) fn no_such_act(text: &str, acts: usize) -> String {
    match acts {
        1 => format!("There is no act “{text}”; this lesson has one act."),
        _ => format!("There is no act “{text}”; the acts of this lesson are 1 to {acts}."),
    }
}

/// An instant that is none.
pub(crate) fn no_such_instant(text: &str) -> String {
    format!("“{text}” is not an instant; write a number and its unit, as in at=14.2s or at=300ms.")
}

/// A theme that is none.
pub(crate) fn no_such_theme(text: &str) -> String {
    format!("“{text}” is not a theme; it is auto, light or dark.")
}

/// An instant behind the end.
pub(crate) fn beyond_the_end(at: &str, end: &str) -> String {
    format!("{at} s is after the end of this lesson; it stands at its end, {end} s.")
}

/// After a command of the person; `dropped` later ones of theirs went with it.
pub(crate) fn commanded(command: &str, at: &str, dropped: usize) -> String {
    let mut text = format!("At {at} s: {command}.");
    // Writing to a String cannot fail.
    let _ = match dropped {
        0 => Ok(()),
        1 => write!(text, " This dropped your later change."),
        _ => write!(text, " This dropped your {dropped} later changes."),
    };
    text
}

/// After commands that showed a task.
pub(crate) fn shown(commands: &[(SimTime, Command)]) -> String {
    let mut text = String::new();
    for (at, command) in commands {
        text.push_str(if text.is_empty() { "At " } else { "; at " });
        text.push_str(&clock(*at));
        text.push_str(" s: ");
        text.push_str(&command.to_string());
    }
    text.push('.');
    text
}

/// How many tasks were done.
pub(crate) fn done(done: usize, of: usize) -> String {
    format!("{done} of {of} done")
}

/// What the button that shows a task is called.
pub(crate) fn show_me(task: &str) -> String {
    format!("{SHOW_ME}: {task}")
}

/// What the button is called that copies the configuration of that title.
pub(crate) fn copies(label: &str, title: &str) -> String {
    format!("{label}: {title}")
}

/// What leads to the next act.
pub(crate) fn next_act(title: &str) -> String {
    format!("{NEXT_ACT} {title}")
}

/// What leads to the next lesson.
pub(crate) fn next_lesson(title: &str) -> String {
    format!("{NEXT_LESSON} {title}")
}

/// What came out in each system that was asked: for those who see which answers are marked, and in
/// words. `said` are the choices as a person reads them.
pub(crate) fn verdict(
    answers: &[Answered],
    said: &[&str],
    guess: Option<usize>,
    is_changed: bool,
) -> (String, String) {
    let mut seen = match guess {
        Some(guess) => guessed(answers, guess),
        None => "The answer is marked.".to_owned(),
    };
    let mut heard = String::new();
    for it in answers {
        let system = it.system.as_str();
        match it.answer {
            Some(answer) => heard.push_str(&format!("{system}: {} ", said[answer])),
            None => seen.push_str(&format!(" {system}: none of these ({}).", it.found)),
        }
    }
    if is_changed {
        seen.push_str(" It is the answer of your run.");
    }
    (seen, heard)
}

/// Whether that was right, kindly.
fn guessed(answers: &[Answered], guess: usize) -> String {
    let is_right = |it: &&Answered| it.answer == Some(guess);
    let mut right = answers.iter().filter(is_right);
    match (right.next(), right.next()) {
        (None, _) => "It came out otherwise than you guessed.".to_owned(),
        (Some(one), None) if 1 < answers.len() => {
            format!("You guessed right for {}.", one.system.as_str())
        }
        (Some(_), _) => "You guessed right.".to_owned(),
    }
}

/// How far own data has been read.
pub(crate) fn reading(rows: u64) -> String {
    format!("Reading: {} rows", count(rows))
}

/// How far ahead the run with own data has been computed.
pub(crate) fn exploring(at: &str) -> String {
    format!("Computing the run: {at} s")
}

/// What the run is about, if it is a person's own data.
pub(crate) fn with_your_rows(rows: u64) -> String {
    match rows {
        1 => "with your 1 row".to_owned(),
        _ => format!("with your {} rows", count(rows)),
    }
}

/// What the page says instead of itself when its program ends by a mistake of ours.
pub(crate) const BROKEN: &str = "Brokerscope has stopped because of a mistake in it. ";
/// The link beside it.
pub(crate) const BROKEN_LINK: &str = "Open the same lesson at the same instant again";

/// One outcome of the ledger, as a column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Its name in the markup.
    pub(crate) id: &'static str,
    /// Its heading.
    pub(crate) name: &'static str,
    /// What it counts.
    pub(crate) means: &'static str,
    /// Whether any of it is bad news.
    pub(crate) news: News,
}

/// Whether an outcome is bad news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// As hoped, or just not known yet.
    Plain,
    /// Something went wrong.
    Bad,
}

/// The columns of the ledger, in order.
pub(crate) const OUTCOMES: [Outcome; 9] = [
    Outcome {
        id: "once",
        name: "once",
        means: "Work on the message was finished exactly once.",
        news: News::Plain,
    },
    Outcome {
        id: "twice",
        name: "twice or more",
        means: "Work on the message was finished more than once: a duplicate, unless the work is \
                idempotent.",
        news: News::Bad,
    },
    Outcome {
        id: "not-yet",
        name: "not yet",
        means: "Work on the message was not finished so far.",
        news: News::Plain,
    },
    Outcome {
        id: "lost",
        name: "lost",
        means: "The producer was told that it is safe, nobody finished work on it, and this reader \
                can no longer get it.",
        news: News::Bad,
    },
    Outcome {
        id: "passed-over",
        name: "passed over",
        means: "Nobody finished work on it and the reader stands behind it, but it is still in \
                the log.",
        news: News::Bad,
    },
    Outcome {
        id: "removed",
        name: "removed unread",
        means: "The broker removed it before anyone had read it: retention, expiry or a length \
                limit.",
        news: News::Bad,
    },
    Outcome {
        id: "out-of-order",
        name: "out of order",
        means: "It was finished after a later message with the same key.",
        news: News::Bad,
    },
    Outcome {
        id: "dead-lettered",
        name: "dead-lettered",
        means: "It was put aside with the reason for it.",
        news: News::Bad,
    },
    Outcome {
        id: "in-broker",
        name: "in broker",
        means: "The broker still keeps it, processed or not.",
        news: News::Plain,
    },
];

/// The keys of the keyboard, and what each does.
pub(crate) const KEYS: [(&[&str], &str); 6] = [
    (&["Space"], "play or pause"),
    (&["←", "→"], "back or on by one thing that can be seen"),
    (&["Shift", "←  →"], "ten of them"),
    (&["Home", "End"], "to the beginning, to the end"),
    (&["+", "−"], "faster, slower"),
    (&["?"], "this help"),
];

/// What the marks of the picture mean, for the help.
pub(crate) const MARKS: [(&str, &str); 6] = [
    ("Number, colour, shape", "which message: the same in both systems; colour and shape by key"),
    ("Flag", "Kafka: the group’s committed offset; what is behind it counts as done"),
    ("Faded, outlined, solid", "Kafka: committed, delivered but not committed, not yet read"),
    (
        "Solid, dashed, ghost",
        "RabbitMQ: ready, delivered but not acknowledged, acknowledged and gone",
    ),
    ("Card", "a consumer: click it to crash, pause, restart or remove it"),
    ("Box with a number", "one of several brokers: click it to crash, stop or cut it off"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use brokerscope_scenario::lesson::Found;
    use brokerscope_scenario::scenario::SystemName;

    const SAID: [&str; 2] = ["Once.", "Twice."];

    /// What is told when these came out; beyond the choices for nothing.
    #[track_caller]
    fn check(kafka: usize, rabbitmq: usize, guess: Option<usize>, expected: (&str, &str)) {
        let answered = |system, place: usize| Answered {
            system,
            found: Found::Number(place as u64 + 1),
            answer: Some(place).filter(|it| *it < SAID.len()),
        };
        let answers =
            [answered(SystemName::Kafka, kafka), answered(SystemName::RabbitMq, rabbitmq)];
        let (seen, heard) = verdict(&answers, &SAID, guess, false);
        assert_eq!((&*seen, heard.trim_end()), expected);
    }

    #[test]
    fn what_came_out_is_told_beside_what_was_guessed() {
        let both = "Kafka: Twice. RabbitMQ: Twice.";
        check(1, 1, None, ("The answer is marked.", both));
        check(1, 1, Some(1), ("You guessed right.", both));
        check(1, 1, Some(0), ("It came out otherwise than you guessed.", both));
        let differ = "Kafka: Twice. RabbitMQ: Once.";
        check(1, 0, Some(0), ("You guessed right for RabbitMQ.", differ));
    }

    #[test]
    fn what_is_no_choice_is_told_as_it_was_found() {
        let told = "The answer is marked. RabbitMQ: none of these (3).";
        check(0, 2, None, (told, "Kafka: Once."));
    }

    #[test]
    fn a_persons_own_run_is_called_that() {
        let only =
            [Answered { system: SystemName::Kafka, found: Found::Number(1), answer: Some(0) }];
        let (seen, _) = verdict(&only, &SAID, Some(0), true);
        assert_eq!(seen, "You guessed right. It is the answer of your run.");
    }

    #[test]
    fn a_dropped_future_is_told() {
        assert_eq!(commanded("crash c1", "5.20", 0), "At 5.20 s: crash c1.");
        let told = commanded("crash c1", "5.20", 2);
        assert!(told.ends_with("This dropped your 2 later changes."), "{told}");
    }
}
