//! What a person, or the page itself, asks for.

use crate::view::header::Theme;
use brokerscope_core::name::ConsumerName;
use brokerscope_core::sim::SimTime;
use brokerscope_stage::{Lane, Motion};

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Play or pause; from the beginning, if it stands at the end.
    TogglePlay,
    /// To the beginning; it goes on playing if it did.
    Restart,
    /// To the next thing that can be seen.
    Step,
    /// To the last thing that could be seen before now.
    StepBack,
    /// Ten steps.
    Jump(Leap),
    /// To the end.
    ToEnd,
    /// To an instant, and stand there.
    SeekTo(SimTime),
    /// To so many milliseconds, while the thumb is held.
    Scrub(u64),
    /// The thumb is let go.
    LetGo,
    /// As fast as that.
    Speed(Speed),
    /// The next faster speed.
    Faster,
    /// The next slower speed.
    Slower,
    /// Gives a command, in both systems or in one.
    Ask(Where, String),
    /// Adds a consumer.
    Add(Where),
    /// Adds a consumer to the group or the queue of that name.
    AddTo(Lane, String),
    /// Takes the last command back, and gives back what it had displaced.
    Undo,
    /// Takes the notices away.
    Dismiss,
    /// Another lesson, by its place in the list.
    Lesson(usize),
    /// An act of this lesson, counted from 0.
    Act(usize),
    /// The answer that the person thinks is right, by its place.
    Guess(usize),
    /// Does a task, by its place, so that one can watch it.
    ShowMe(usize),
    /// The client configuration at that place was copied, or at least selected.
    Copied(usize, bool),
    /// Another theme.
    Theme(Theme),
    /// Whether things may move.
    Motion(Motion),
    /// The event log tells so much.
    Log(Scope),
    /// Opens help.
    Help,
    /// Opens the panel for a person's own data.
    OpenData,
    /// Opens the panel with all settings.
    OpenSettings,
    /// Closes what is open.
    Close,
    /// Back from own data to the lesson's messages.
    LessonsMessages,
}

/// Which way to leap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leap {
    /// Forwards.
    On,
    /// Backwards.
    Back,
}

/// How much the event log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What the story turns on.
    Turns,
    /// Everything that can be seen.
    Everything,
}

/// What lies over the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Open {
    /// Nothing.
    #[default]
    Nothing,
    /// Help.
    Help,
    /// The panel for a person's own data.
    Data,
    /// All settings.
    Settings,
}

/// What can be done to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Its process is gone.
    Crash,
    /// It starts again.
    Restart,
    /// Its application stops working.
    Pause,
    /// Its application goes on.
    Resume,
    /// It is closed in an orderly way.
    Remove,
}

impl Doing {
    /// As the command language says it.
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Remove => "remove",
        }
    }

    /// The command that does it to that consumer.
    pub(crate) fn command(self, name: &ConsumerName) -> String {
        format!("{} {name}", self.verb())
    }

    /// As a button says it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Crash => "Crash",
            Self::Restart => "Restart",
            Self::Pause => "Pause",
            Self::Resume => "Go on",
            Self::Remove => "Remove",
        }
    }
}

/// In which systems something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// In both.
    Both,
    /// In Kafka.
    Kafka,
    /// In RabbitMQ.
    RabbitMq,
}

impl Where {
    /// All there are.
    pub(crate) const ALL: [Self; 3] = [Self::Both, Self::Kafka, Self::RabbitMq];

    /// What a command for it begins with.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Both => "",
            Self::Kafka => "kafka ",
            Self::RabbitMq => "rabbitmq ",
        }
    }

    /// As the menu says it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Both => "in both",
            Self::Kafka => "Kafka only",
            Self::RabbitMq => "RabbitMQ only",
        }
    }
}

/// How fast the clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Speed(u8);

/// In percent, and as it is written.
const SPEEDS: [(u64, &str); 6] =
    [(25, "0.25"), (50, "0.5"), (100, "1"), (200, "2"), (400, "4"), (800, "8")];

impl Speed {
    /// All there are, slowest first.
    pub(crate) const ALL: [Self; 6] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// As fast as the clock on the wall.
    pub(crate) const REAL: Self = Self(2);

    /// The speed at that place of the list; the fastest, beyond it.
    pub(crate) fn at(place: usize) -> Self {
        Self::ALL[place.min(SPEEDS.len() - 1)]
    }

    /// The next faster, if there is one.
    pub(crate) fn faster(self) -> Self {
        Self::at(usize::from(self.0) + 1)
    }

    /// The next slower, if there is one.
    pub(crate) fn slower(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// In percent.
    pub(crate) fn percent(self) -> u64 {
        SPEEDS[usize::from(self.0)].0
    }

    /// As it is written: `0.25`.
    pub(crate) fn factor(self) -> &'static str {
        SPEEDS[usize::from(self.0)].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_end_at_their_ends() {
        assert_eq!(Speed::REAL.percent(), 100);
        assert_eq!(Speed::at(9).factor(), "8");
        assert_eq!(Speed::at(5).faster(), Speed::at(5));
        assert_eq!(Speed::at(0).slower().factor(), "0.25");
    }
}
