//! Brokerscope for JavaScript: a scenario to walk through, in a page or in Node.
//!
//! Nothing is decided here: each function converts, calls, converts back.
#![warn(missing_docs)]

mod dto;

use brokerscope_core::sim::SimTime;
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_scenario::run::Run;
use brokerscope_scenario::value::Value;
use brokerscope_scenario::{Command, LESSONS, Lesson, Scenario};
use brokerscope_stage::{Options, Palette, Scene, cells_that_fit, picture, svg};
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

#[wasm_bindgen]
extern "C" {
    /// A scenario: the name of one that is built in, or an object of the shape of
    /// `schema/scenario.schema.json`.
    #[wasm_bindgen(typescript_type = "string | object")]
    pub type NameOrObject;
    /// See `types.d.ts`.
    #[wasm_bindgen(typescript_type = "Snapshot")]
    pub type Snapshot;
    /// See `types.d.ts`.
    #[wasm_bindgen(typescript_type = "Fact[]")]
    pub type Facts;
    /// See `types.d.ts`.
    #[wasm_bindgen(typescript_type = "Reader[]")]
    pub type Readers;
    /// See `types.d.ts`.
    #[wasm_bindgen(typescript_type = "Lesson[]")]
    pub type Lessons;
    /// See `types.d.ts`.
    #[wasm_bindgen(typescript_type = "Answer[]")]
    pub type Answers;
}

/// The scenarios that are built in, in the order in which they are shown.
///
/// # Errors
/// Never: names and titles are texts.
#[wasm_bindgen]
pub fn lessons() -> Result<Lessons, JsError> {
    let lessons = LESSONS.iter().map(|it| dto::Lesson {
        name: it.name,
        title: it.title,
        question: it.question,
        group: it.group,
        acts: it.acts,
    });
    to_js(&lessons.collect::<Vec<_>>()).map(JsCast::unchecked_into)
}

/// One scenario, run in Kafka and in RabbitMQ under one clock that goes both ways.
///
/// Instants are microseconds since the run began, as numbers.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Lab {
    run: Run,
}

#[wasm_bindgen]
impl Lab {
    /// Loads a scenario and explores it to its end. The present is its first instant. `act` is
    /// the number of the act, if it has several; the first if it is not given.
    ///
    /// # Errors
    /// If there is no scenario of that name, or no such act, or something is wrong in the object;
    /// the message says where, and what would be right.
    #[wasm_bindgen(constructor)]
    pub fn new(scenario: NameOrObject, act: Option<u8>) -> Result<Self, JsError> {
        let scenario: JsValue = scenario.into();
        let acts = match scenario.as_string() {
            Some(name) => Lesson::named(&name)?.scenarios(),
            None if !scenario.is_object() => {
                return Err(JsError::new("a scenario is the name of a lesson, or an object"));
            }
            None => {
                let value: Value = serde_wasm_bindgen::from_value(scenario)
                    .map_err(|wrong| JsError::new(&wrong.to_string()))?;
                Scenario::acts_from_value("scenario", &value)?
            }
        };
        let (act, count) = (act.unwrap_or(1), acts.len());
        let Some(scenario) = acts.into_iter().find(|it| it.act.number == act) else {
            return Err(JsError::new(&format!("there is no act {act}: the acts are 1 to {count}")));
        };
        let mut run = Run::new(scenario);
        while !run.explore(u64::MAX) {}
        Ok(Self { run })
    }

    /// The present instant.
    #[wasm_bindgen(getter, js_name = nowUs)]
    #[must_use]
    pub fn now_us(&self) -> f64 {
        as_number(self.run.now())
    }

    /// The instant at which the run ends.
    #[wasm_bindgen(getter, js_name = endUs)]
    #[must_use]
    pub fn end_us(&self) -> f64 {
        as_number(self.run.end())
    }

    /// Moves the present to an instant, forwards or backwards, or to the end if that is earlier.
    ///
    /// # Errors
    /// If it is not a whole number of microseconds from 0 to 2^53 - 1.
    pub fn seek(&mut self, at_us: f64) -> Result<(), JsError> {
        self.run.seek(instant(at_us)?);
        Ok(())
    }

    /// Asks for something at the present instant, in the command language: `crash c1`,
    /// `kafka crash c1`, `add c4`. What had been asked for later is forgotten.
    ///
    /// # Errors
    /// If it is no command, or names what is not there; then nothing changes.
    pub fn command(&mut self, text: &str) -> Result<(), JsError> {
        let command: Command = text.parse()?;
        self.run.command(command)?;
        while !self.run.explore(u64::MAX) {}
        Ok(())
    }

    /// Forgets the last command. False if there was none.
    pub fn undo(&mut self) -> bool {
        let undone = self.run.undo();
        while !self.run.explore(u64::MAX) {}
        undone
    }

    /// The state of both systems at the present, with the newest `cells` records of each log and
    /// places of each queue.
    ///
    /// # Errors
    /// Never: everything in it can cross.
    pub fn snapshot(&self, cells: u32) -> Result<Snapshot, JsError> {
        let cells = cells as usize;
        let kafka = kafka::snapshot::snapshot(self.run.kafka(), cells);
        let rabbitmq = rabbitmq::snapshot::snapshot(self.run.rabbitmq(), cells);
        to_js(&dto::Snapshot::new(self.run.now(), kafka, rabbitmq)).map(JsCast::unchecked_into)
    }

    /// What happened in both systems from one instant to another, both included, in order.
    ///
    /// # Errors
    /// If one of them is not an instant.
    pub fn facts(&self, from_us: f64, to_us: f64) -> Result<Facts, JsError> {
        let (from, to) = (instant(from_us)?, instant(to_us)?);
        let mut facts = Vec::new();
        self.run.tell(to, |at, fact| {
            if from <= at {
                facts.push(dto::Fact::new(at, fact));
            }
        });
        to_js(&facts).map(JsCast::unchecked_into)
    }

    /// What became of the messages up to the present, for every group and every queue.
    ///
    /// # Errors
    /// Never: everything in it can cross.
    pub fn ledger(&self) -> Result<Readers, JsError> {
        let readers = self
            .run
            .outcomes()
            .into_iter()
            .map(|(system, reader, outcome)| dto::Reader::new(system, &reader, outcome));
        to_js(&readers.collect::<Vec<_>>()).map(JsCast::unchecked_into)
    }

    /// The answers to the question, one a system that is asked, as the run gives them at its end.
    ///
    /// # Errors
    /// Never: everything in it can cross.
    pub fn answers(&self) -> Result<Answers, JsError> {
        let choices = &self.run.scenario().asks.answers;
        let answers = self.run.answers();
        let answers: Vec<_> = answers.iter().map(|it| dto::Answer::new(it, choices)).collect();
        to_js(&answers).map(JsCast::unchecked_into)
    }

    /// A hash over every fact up to the present, as 16 hexadecimal digits: equal for equal
    /// scenarios, seeds and commands, natively and here.
    #[wasm_bindgen(js_name = traceHash)]
    #[must_use]
    pub fn trace_hash(&self) -> String {
        format!("{:016x}", self.run.trace_hash())
    }

    /// A hash over the state of both systems at the present, as 16 hexadecimal digits.
    #[wasm_bindgen(js_name = stateHash)]
    #[must_use]
    pub fn state_hash(&self) -> String {
        format!("{:016x}", self.run.state_hash())
    }

    /// The picture at the present as SVG, `widthPx` wide, for `theme` light or dark.
    ///
    /// # Errors
    /// If there is no such theme, or the width is not between 280 and 4,000.
    pub fn svg(&self, width_px: u16, theme: &str) -> Result<String, JsError> {
        let palette = match theme {
            "light" => Palette::LIGHT,
            "dark" => Palette::DARK,
            _ => return Err(JsError::new(&format!("the theme is light or dark, not '{theme}'"))),
        };
        if !(280..=4_000).contains(&width_px) {
            return Err(JsError::new(&format!("the width is 280 to 4000, not {width_px}")));
        }
        let cells = cells_that_fit(width_px);
        let options = Options { width_px, ..Options::default() };
        let drawn = picture(&Scene {
            kafka: &kafka::snapshot::snapshot(self.run.kafka(), cells),
            rabbitmq: &rabbitmq::snapshot::snapshot(self.run.rabbitmq(), cells),
            rabbitmq_config: &self.run.scenario().rabbitmq,
            workload: &self.run.scenario().workload,
            now: self.run.now(),
            options: &options,
        });
        let title = &self.run.scenario().title;
        Ok(svg::write(&drawn, &palette, title, &drawn.label))
    }
}

#[allow(clippy::cast_precision_loss, reason = "instants stay below 2^53")]
fn as_number(at: SimTime) -> f64 {
    at.0 as f64
}

fn instant(us: f64) -> Result<SimTime, JsError> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared below")]
    let whole = us as u64;
    let at = SimTime(whole);
    #[allow(clippy::float_cmp, reason = "whole numbers below 2^53 are exact")]
    if as_number(at) == us && at <= SimTime::MAX {
        Ok(at)
    } else {
        let what = "an instant is a whole number of microseconds from 0 to 2^53 - 1";
        Err(JsError::new(&format!("{what}, not {us}")))
    }
}

fn to_js(value: &impl Serialize) -> Result<JsValue, JsError> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(JsError::from)
}
