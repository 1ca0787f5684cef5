//! What a person learns of a lesson: the guess, the answer once it is to be seen, the tasks that
//! were done, the closing card.

use super::{Action, Session};
use crate::lessons::LESSONS;
use crate::view::card::{CardView, ConfigurationView, NextView, SideView};
use crate::view::question::{AnswerView, QuestionView, VerdictView};
use crate::view::tasks::{TaskView, TasksView};
use crate::words;
use brokerscope_scenario::client::{Configuration, client_configuration};
use brokerscope_scenario::run::{Answered, Saying};
use brokerscope_scenario::scenario::SystemName;
use brokerscope_scenario::setup::decided;

/// What is remembered of learning.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// Which answer the person thinks is right.
    guess: Option<usize>,
    /// What the present run answers; nothing as long as nobody has asked.
    pub(super) answers: Option<Vec<Answered>>,
    /// The tasks that were done, in whatever run: of which lesson, of which act, which one.
    ticked: Vec<(usize, usize, usize)>,
    /// Which client configuration was copied last, and whether the browser allowed it.
    pub(super) copied: Option<(usize, bool)>,
}

impl Learned {
    /// Another question is asked.
    pub(super) fn forget_guess(&mut self) {
        self.guess = None;
        self.copied = None;
    }
}

impl Session {
    /// Takes a guess, as long as the answer is not told.
    pub(super) fn guess(&mut self, answer: usize) {
        if !self.is_told() {
            self.learned.guess = Some(answer);
        }
    }

    /// Whether the story is told, so that its answer may be.
    fn is_told(&self) -> bool {
        self.run.told_at().is_some_and(|at| at <= self.now())
    }

    /// What the run answers, once it may be known.
    fn answers(&mut self) -> Option<&[Answered]> {
        if !self.is_told() {
            return None;
        }
        let run = &self.run;
        Some(self.learned.answers.get_or_insert_with(|| run.answers()))
    }

    /// Whether the person has changed the run.
    fn is_changed(&self) -> bool {
        self.run.commands().len() > 0
    }

    pub(super) fn question(&mut self) -> QuestionView {
        let told = self.answers().map(<[_]>::to_vec);
        let guess = self.learned.guess;
        let scenario = self.run.scenario();
        let choices = &scenario.asks.answers;
        let right = |place| -> Vec<SystemName> {
            let told = told.iter().flatten();
            told.filter(|it| it.answer == Some(place)).map(|it| it.system).collect()
        };
        let answers = choices.iter().enumerate().map(|(place, it)| AnswerView {
            say: it.say.clone(),
            is_guess: guess == Some(place),
            right: right(place),
        });
        let said: Vec<_> = choices.iter().map(|it| &*it.say).collect();
        QuestionView {
            text: scenario.question.clone(),
            act: scenario.act.say.clone(),
            answers: answers.collect(),
            verdict: told.as_ref().map(|it| {
                let (seen, heard) = words::verdict(it, &said, guess, self.is_changed());
                VerdictView { seen, heard }
            }),
            next: self.next(),
            own_data: self.own_rows.map(words::with_your_rows),
        }
    }

    /// What there is to try; nothing with a person's own messages.
    pub(super) fn tasks(&mut self) -> TasksView {
        let here = |place| (self.lesson, self.act, place);
        let tasks = self.run.tasks();
        if self.own_rows.is_some() {
            return TasksView { tasks: Vec::new() };
        }
        for (place, (_, done)) in tasks.iter().enumerate() {
            if matches!(done, Saying::Said(_)) && !self.learned.ticked.contains(&here(place)) {
                self.learned.ticked.push(here(place));
            }
        }
        let ticked = &self.learned.ticked;
        let view = |(place, it): (usize, &brokerscope_scenario::lesson::Task)| TaskView {
            say: it.say.clone(),
            is_done: ticked.contains(&here(place)),
        };
        let tasks = tasks.iter().map(|(task, _)| *task).enumerate().map(view).collect();
        TasksView { tasks }
    }

    /// What is said at the end, once it is to be seen.
    pub(super) fn card(&self) -> Option<CardView> {
        if !self.is_told() || self.own_rows.is_some() {
            return None;
        }
        let scenario = self.run.scenario();
        let sides = [SystemName::Kafka, SystemName::RabbitMq].map(|system| {
            let cards = self.run.cards();
            let card = cards.into_iter().find(|(card, _)| card.system == system);
            SideView {
                system,
                say: card.map(|(card, happens)| match happens {
                    Saying::Said(_) | Saying::Ahead(_) => card.say.clone(),
                    Saying::Open => words::OTHERWISE.to_owned(),
                }),
            }
        });
        let view = |(place, it): (usize, Configuration)| ConfigurationView {
            copied: self.learned.copied.filter(|copied| copied.0 == place).map(|it| it.1),
            place,
            it,
        };
        Some(CardView {
            sides,
            decided: decided(scenario),
            configurations: client_configuration(scenario)
                .into_iter()
                .enumerate()
                .map(view)
                .collect(),
            is_changed: self.is_changed(),
            next: self.next(),
        })
    }

    /// What comes after this act: the next one, or the next lesson.
    pub(super) fn next(&self) -> Option<NextView> {
        let act = self.act + 1;
        if let Some(next) = self.lesson().acts.get(act) {
            let label = words::next_act(next.title);
            return Some(NextView { label, short: words::NEXT_ACT, action: Action::Act(act) });
        }
        let lesson = self.lesson + 1;
        let next = LESSONS.get(lesson)?;
        let label = words::next_lesson(next.title);
        Some(NextView { label, short: words::NEXT_LESSON, action: Action::Lesson(lesson) })
    }
}
