//! What the page remembers, and one function that changes it. Knows no browser.

mod action;
mod fork;
mod lesson;
mod show;
#[cfg(test)]
mod tests;
mod turns;

pub(crate) use action::{Action, Doing, Leap, Open, Scope, Speed, Where};
pub(crate) use show::Views;

use crate::address::{Query, clock, seconds};
use crate::lessons::{LESSONS, Lesson};
use crate::view::header::Theme;
use crate::view::notice::{NoticeView, Way};
use crate::words;
use brokerscope_core::kafka::config::Client;
use brokerscope_core::sim::{SimDuration, SimTime};
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_scenario::Scenario;
use brokerscope_scenario::input::Rows;
use brokerscope_scenario::run::Run;
use brokerscope_stage::{Motion, Options, Picture, Scene, cells_that_fit, picture};

/// How many steps a leap is.
const LEAP: usize = 10;

/// Where the page is: what it cannot change itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Whether it is inside another page.
    pub(crate) is_framed: bool,
    /// Whether things may move.
    pub(crate) motion: Motion,
    /// Which theme was chosen before.
    pub(crate) theme: Theme,
}

/// What the page remembers.
#[derive(Debug)]
pub(crate) struct Session {
    setting: Setting,
    lesson: usize,
    /// Which act of it, from 0.
    act: usize,
    learned: lesson::Learned,
    run: Run,
    /// How many rows of a person's own data the run has; nothing if it has the lesson's messages.
    own_rows: Option<u64>,
    playback: Playback,
    speed: Speed,
    options: Options,
    log: Scope,
    /// What is worth telling of the whole run, once it was asked for.
    turns: turns::Turns,
    open: Open,
    /// Whether the theme stands in the address.
    theme_in_address: bool,
    /// What of the address cannot be had.
    problems: Vec<NoticeView>,
    /// What came of the last command.
    told: Option<NoticeView>,
    fork: fork::Fork,
    shown: Option<Shown>,
}

/// Whether the clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Playback {
    /// It never did: in another page it waits to be asked.
    Waiting,
    Paused,
    Playing,
    /// It stands while a person holds the thumb, and goes on as it was.
    Held {
        was_playing: bool,
    },
}

/// The last picture, and what it was made of.
#[derive(Debug)]
struct Shown {
    kafka: kafka::Snapshot,
    rabbitmq: rabbitmq::Snapshot,
    picture: Picture,
}

/// A run with own data that is not shown yet.
#[derive(Debug)]
pub(crate) struct Trial {
    run: Run,
    rows: u64,
}

impl Session {
    /// The page as the address asks for it.
    pub(crate) fn new(query: &Query, setting: Setting) -> Self {
        let names: Vec<_> = LESSONS.iter().map(|lesson| lesson.name).collect();
        let wanted = query.read(&names, |lesson| LESSONS[lesson].acts.len());
        let problem = |text| NoticeView { text, way: Way::Problem };
        let mut session = Self {
            setting,
            lesson: wanted.lesson,
            act: wanted.act,
            learned: lesson::Learned::default(),
            run: Run::new(LESSONS[wanted.lesson].acts[wanted.act].scenario()),
            own_rows: None,
            playback: Playback::Paused,
            speed: Speed::REAL,
            options: Options {
                motion: setting.motion,
                can_add: true,
                legend: false,
                ..Options::default()
            },
            log: Scope::Turns,
            turns: turns::Turns::default(),
            open: Open::Nothing,
            theme_in_address: query.theme.is_some(),
            problems: wanted.problems.into_iter().map(problem).collect(),
            told: None,
            fork: fork::Fork::default(),
            shown: None,
        };
        if setting.is_framed {
            session.playback = Playback::Waiting;
        } else if wanted.at.is_none() && setting.motion == Motion::Full {
            session.playback = Playback::Playing;
        }
        if let Some(at) = wanted.at {
            let end = session.end();
            if end < at {
                let told = words::beyond_the_end(&seconds(at), &seconds(end));
                session.problems.push(problem(told));
            }
            session.seek(at);
        }
        session
    }

    /// Does what was asked for.
    pub(crate) fn apply(&mut self, action: Action) {
        match action {
            Action::TogglePlay => self.toggle_play(),
            Action::Restart => self.seek(SimTime::START),
            Action::Step => self.step(1),
            Action::StepBack => self.step_back(1),
            Action::Jump(Leap::On) => self.step(LEAP),
            Action::Jump(Leap::Back) => self.step_back(LEAP),
            Action::ToEnd => {
                self.pause();
                self.seek(self.end());
            }
            Action::SeekTo(at) => {
                self.pause();
                self.seek(at);
            }
            Action::Scrub(ms) => {
                if !matches!(self.playback, Playback::Held { .. }) {
                    self.playback = Playback::Held { was_playing: self.is_playing() };
                }
                self.seek(SimTime::from_ms(ms));
            }
            Action::LetGo => {
                if let Playback::Held { was_playing } = self.playback {
                    let goes_on = was_playing && self.now() < self.end();
                    self.playback = if goes_on { Playback::Playing } else { Playback::Paused };
                }
            }
            Action::Speed(speed) => self.speed = speed,
            Action::Faster => self.speed = self.speed.faster(),
            Action::Slower => self.speed = self.speed.slower(),
            Action::Ask(place, command) => self.ask(&format!("{}{command}", place.prefix())),
            Action::Add(place) => {
                let name = self.free_name();
                self.ask(&format!("{}add {name}", place.prefix()));
            }
            Action::AddTo(lane, place) => {
                let (name, lane) = (self.free_name(), show::system_of(lane));
                self.ask(&format!("{} add {name} to {place}", lane.word()));
            }
            Action::Undo => self.undo(),
            Action::Dismiss => {
                self.problems.clear();
                self.told = None;
            }
            Action::Lesson(place) => self.take_act(place, 0),
            Action::Act(act) => self.take_act(self.lesson, act),
            Action::Guess(answer) => self.guess(answer),
            Action::ShowMe(task) => self.show_me(task),
            Action::Copied(place, is_copied) => self.learned.copied = Some((place, is_copied)),
            Action::Theme(theme) => self.setting.theme = theme,
            Action::Motion(motion) => self.options.motion = motion,
            Action::Log(scope) => self.log = scope,
            Action::Help => self.open = Open::Help,
            Action::OpenData => {
                self.pause();
                self.open = Open::Data;
            }
            Action::OpenSettings => {
                self.pause();
                self.open = Open::Settings;
            }
            Action::Close => self.open = Open::Nothing,
            Action::LessonsMessages => self.take_act(self.lesson, self.act),
        }
    }

    /// The clock has run for `elapsed_us` on the wall.
    pub(crate) fn advance(&mut self, elapsed_us: u64) {
        if self.playback != Playback::Playing {
            return;
        }
        let span = SimDuration(elapsed_us * self.speed.percent() / 100);
        self.seek(self.now() + span);
        if self.end() <= self.now() {
            self.playback = Playback::Paused;
        }
    }

    fn toggle_play(&mut self) {
        self.playback = if self.is_playing() { Playback::Paused } else { Playback::Playing };
        if self.is_playing() && self.end() <= self.now() {
            self.seek(SimTime::START);
        }
    }

    /// Stands still. Whoever waited to be asked has been asked for something.
    fn pause(&mut self) {
        self.playback = Playback::Paused;
    }

    /// To an instant of the run.
    fn seek(&mut self, to: SimTime) {
        self.run.seek(to.min(self.end()));
        self.shown = None;
    }

    fn step(&mut self, times: usize) {
        self.pause();
        for _ in 0..times {
            let Some(at) = self.run.next_seen(self.now()) else { break };
            self.seek(at);
        }
    }

    fn step_back(&mut self, times: usize) {
        self.pause();
        for _ in 0..times {
            let Some(at) = self.run.previous_seen(self.now()) else { break };
            self.seek(at);
        }
    }

    fn take_act(&mut self, lesson: usize, act: usize) {
        self.lesson = lesson.min(LESSONS.len() - 1);
        self.act = act.min(self.lesson().acts.len() - 1);
        self.learned.forget_guess();
        self.replace_run(Run::new(self.scenario()), None);
        self.open = Open::Nothing;
        self.play_unless(self.setting.is_framed);
    }

    /// Plays on, unless something is against it or nothing is to move.
    fn play_unless(&mut self, stays: bool) {
        let plays = self.options.motion == Motion::Full && !stays;
        self.playback = if plays { Playback::Playing } else { Playback::Paused };
    }

    fn replace_run(&mut self, run: Run, own_rows: Option<u64>) {
        self.run = run;
        self.own_rows = own_rows;
        self.fork = fork::Fork::default();
        self.problems.clear();
        self.told = None;
        self.changed();
    }

    /// The run is another one: what was made of it is made anew.
    fn changed(&mut self) {
        self.turns = turns::Turns::default();
        self.learned.answers = None;
        self.shown = None;
    }

    /// A run of this lesson with own data, to be explored before it is shown.
    pub(crate) fn trial(&self, rows: Rows) -> Trial {
        let count = rows.rows.len() as u64;
        Trial { run: Run::new(self.scenario().with_rows(rows)), rows: count }
    }

    /// Shows a run with own data, from its beginning.
    pub(crate) fn take(&mut self, trial: Trial) {
        self.replace_run(trial.run, Some(trial.rows));
        self.pause();
    }

    /// Makes the picture that wide; false if it was.
    pub(crate) fn resize(&mut self, width_px: u16) -> bool {
        if self.options.width_px == width_px {
            return false;
        }
        self.options.width_px = width_px;
        self.shown = None;
        true
    }

    /// The picture of the present instant.
    pub(crate) fn picture(&mut self) -> &Picture {
        let shown = match self.shown.take() {
            Some(shown) => shown,
            None => self.look(),
        };
        &self.shown.insert(shown).picture
    }

    fn look(&self) -> Shown {
        let scenario = self.run.scenario();
        let cells = cells_that_fit(self.options.width_px);
        let kafka = kafka::snapshot::snapshot(self.run.kafka(), cells);
        let rabbitmq = rabbitmq::snapshot::snapshot(self.run.rabbitmq(), cells);
        let picture = picture(&Scene {
            kafka: &kafka,
            rabbitmq: &rabbitmq,
            rabbitmq_config: &scenario.rabbitmq,
            workload: &scenario.workload,
            now: self.now(),
            options: &self.options,
        });
        Shown { kafka, rabbitmq, picture }
    }

    /// Explores the run ahead for about `events`; true once all of it is explored.
    pub(crate) fn explore(&mut self, events: u64) -> bool {
        self.run.explore(events)
    }

    /// Whether the whole run is explored.
    pub(crate) fn is_explored(&self) -> bool {
        self.run.is_explored()
    }

    /// Whether the clock runs.
    pub(crate) fn is_playing(&self) -> bool {
        self.playback == Playback::Playing
    }

    /// Whether something lies over the page and has the keyboard.
    pub(crate) fn has_panel(&self) -> bool {
        self.open != Open::Nothing
    }

    /// Whether the page is inside another one.
    pub(crate) fn is_framed(&self) -> bool {
        self.setting.is_framed
    }

    /// Whether the messages are a person's own.
    pub(crate) fn has_own_data(&self) -> bool {
        self.own_rows.is_some()
    }

    /// Which library places the lesson's keys, and among how many partitions.
    pub(crate) fn placing(&self) -> (Client, u32) {
        let config = self.run.kafka().system().config();
        let client = config.producers.first().map(|it| it.settings.client);
        let partitions = config.topics.iter().map(|it| it.partitions).max();
        (client.unwrap_or(Client::Java), partitions.unwrap_or(1))
    }

    /// The present instant.
    pub(crate) fn now(&self) -> SimTime {
        self.run.now()
    }

    /// The last instant.
    pub(crate) fn end(&self) -> SimTime {
        self.run.end()
    }

    /// Which lesson is on, and which act of it, from 0.
    pub(crate) fn lesson_and_act(&self) -> (&'static str, usize) {
        (self.lesson().name, self.act)
    }

    fn lesson(&self) -> &'static Lesson {
        &LESSONS[self.lesson]
    }

    /// The scenario of this act, as it was written.
    fn scenario(&self) -> Scenario {
        self.lesson().acts[self.act].scenario()
    }

    /// The hash of both worlds at the present instant.
    pub(crate) fn hash(&self) -> u64 {
        self.run.state_hash()
    }

    /// What the address bar should say.
    pub(crate) fn query(&self) -> String {
        let at = (!self.is_playing()).then(|| self.now());
        let theme = self.theme_in_address.then(|| self.setting.theme.name());
        Query::of(self.lesson().name, self.act, at, theme)
    }

    /// Where the thumb stands: in milliseconds, and in hundredths of a percent of the line.
    pub(crate) fn place_on_line(&self) -> (u64, u64) {
        let (now, end) = (self.now().0, self.end().0.max(1));
        (now / 1_000, now * 10_000 / end)
    }

    /// What is said to those who hear the page.
    pub(crate) fn spoken(&self) -> String {
        let captions = self.captions();
        let (kafka, rabbitmq) = (&captions.kafka.sentence, &captions.rabbitmq.sentence);
        let told = format!("Kafka: {kafka} RabbitMQ: {rabbitmq}");
        if self.is_playing() { told } else { format!("{} seconds. {told}", clock(self.now())) }
    }
}

impl Trial {
    /// Explores it for about `events`; true once all of it is explored.
    pub(crate) fn explore(&mut self, events: u64) -> bool {
        self.run.explore(events)
    }

    /// Up to which instant it is explored.
    pub(crate) fn explored(&self) -> SimTime {
        self.run.explored()
    }

    /// When the last row is sent; soon after that it is over.
    pub(crate) fn last_sent(&self) -> SimTime {
        self.run.scenario().workload.messages.last().map_or(SimTime::START, |it| it.at)
    }
}
