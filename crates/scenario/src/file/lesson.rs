//! What makes a scenario a lesson: `[asks]`, `[[answer]]`, `[[try]]`, `[[card]]`, `decided`.

use super::read::{Node, Table, Wrong};
use super::{beat, title};
use crate::command::{BadCommand, Cast, Command};
use crate::lesson::{About, Answer, Asked, Asks, Is, OUTCOMES, Query, Task};
use crate::scenario::{Beat, End, Scenario, SystemName};
use crate::setup::decisive;
use brokerscope_core::name::GroupId;
use brokerscope_core::settings::Value as Choice;
use brokerscope_core::sim::SimTime;

impl Choice for Query {
    const EXPECTED: &'static str = "processed, begun, delivered, fate, partition, outcome, facts, \
        done-by, idle, workers, busiest, lag, committed, kept, ready, unacked or done-at";

    fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.word() == text)
    }

    fn show(&self) -> String {
        self.word().to_owned()
    }
}

/// How many choices a question has.
const ANSWERS: std::ops::RangeInclusive<usize> = 2..=4;

/// How many tasks an act has at most.
const MAX_TASKS: usize = 3;

/// Fills in what the file says about the lesson, for its act among `acts`.
pub(super) fn fill(top: Table<'_>, scenario: &mut Scenario, acts: usize) -> Result<(), Wrong> {
    scenario.asks = asks(top, scenario)?;
    scenario.tasks = tasks(top, scenario, acts)?;
    scenario.cards = cards(top, scenario, acts)?;
    scenario.decided = decided(top, scenario)?;
    Ok(())
}

fn asks(top: Table<'_>, scenario: &Scenario) -> Result<Asks, Wrong> {
    let list = top.items("answer")?;
    let Some(node) = top.get("asks") else {
        return match list.first() {
            Some(first) => Err(first.says("there is no [asks] that says what is right")),
            None => Ok(Asks::default()),
        };
    };
    if !ANSWERS.contains(&list.len()) {
        return Err(node.error(format!("a question has two to four answers, not {}", list.len())));
    }
    let table = node.table(&["query", "of", "kafka", "rabbitmq"])?;
    let mut asked = Vec::new();
    // Without both, both are asked.
    let both = table.get("kafka").is_none() && table.get("rabbitmq").is_none();
    for system in [SystemName::Kafka, SystemName::RabbitMq] {
        let own = table.get(system.word());
        if both || own.is_some() {
            asked.push(asked_of(system, node, table, own, scenario)?);
        }
    }
    let mut answers: Vec<Answer> = Vec::new();
    for node in list {
        let table = node.table(&["is", "say"])?;
        let is = claim(table.need("is")?)?;
        if let Some(before) = answers.iter().find(|it| it.is.overlaps(&is)) {
            let what = format!("both this and the answer that is {} could be right", before.is);
            return Err(node.error(what));
        }
        answers.push(Answer { is, say: title(table.need("say")?)? });
    }
    Ok(Asks { asked, answers })
}

/// What one system is asked. `own` is what stands under its name: a reader, or a table.
fn asked_of(
    system: SystemName,
    node: Node<'_>,
    shared: Table<'_>,
    own: Option<Node<'_>>,
    scenario: &Scenario,
) -> Result<Asked, Wrong> {
    let (mut query, mut of, mut reader) = (shared.get("query"), shared.get("of"), None);
    match own {
        Some(own) if own.is_table() => {
            let own = own.table(&["query", "of", "reader"])?;
            query = own.get("query").or(query);
            of = own.get("of").or(of);
            reader = own.get("reader");
        }
        Some(_) => reader = own,
        None => {}
    }
    let place = own.unwrap_or(node);
    let Some(word) = query else { return Err(shared.missing("query")) };
    let query: Query = word.choice()?;
    if let Some(only) = query.only().filter(|it| *it != system) {
        let (word, there, here) = (query.word(), only.as_str(), system.as_str());
        return Err(place.error(format!("'{word}' is asked of {there} only, and not of {here}")));
    }
    let (kafka, rabbitmq) = (&scenario.kafka, &scenario.rabbitmq);
    let (what, readers): (_, Vec<&str>) = match system {
        SystemName::Kafka => {
            let groups = kafka.consumers.iter().filter_map(|it| it.group.as_ref());
            ("group", groups.map(GroupId::as_str).collect())
        }
        SystemName::RabbitMq => {
            let consumed = rabbitmq.consumers.iter().map(|it| it.queue.as_str());
            let queues = rabbitmq.queues.iter().map(|it| it.name.as_str());
            ("queue", consumed.chain(queues).collect())
        }
    };
    let reader = match reader {
        Some(named) => {
            named.one_of(what, named.text()?, &readers)?;
            named.text()?
        }
        None => readers.first().copied().unwrap_or_default(),
    };
    let of = argument(query, of, place, scenario, system)?;
    Ok(Asked { system, query, of, reader: reader.to_owned() })
}

/// The argument of a query, as text.
fn argument(
    query: Query,
    of: Option<Node<'_>>,
    place: Node<'_>,
    scenario: &Scenario,
    system: SystemName,
) -> Result<String, Wrong> {
    let (about, word) = (query.about(), query.word());
    let Some(of) = of else {
        return match about {
            About::Nothing | About::Store => Ok(String::new()),
            About::Message | About::Outcome | About::Fact | About::Consumer | About::Partition => {
                Err(place.error(format!("'of' is missing here: '{word}' is about {}", about.is())))
            }
        };
    };
    let topics = || scenario.kafka.topics.iter().map(|it| it.name.as_str());
    match about {
        About::Nothing => Err(of.error(format!("'{word}' is about nothing: leave 'of' out"))),
        About::Message => {
            let last = scenario.workload.messages.len().max(1);
            of.whole(1, last.try_into().unwrap_or(u64::MAX)).map(|it| it.to_string())
        }
        About::Outcome => {
            of.one_of("count", of.text()?, OUTCOMES)?;
            title(of)
        }
        About::Fact => title(of),
        About::Consumer => {
            let name = of.text()?;
            let mut cast = Cast::of(scenario);
            for (_, command) in &scenario.steps {
                cast.remember(command);
            }
            of.one_of("consumer", name, &cast.consumers(system))?;
            Ok(name.to_owned())
        }
        About::Partition => {
            let text = of.text()?;
            let (topic, number) = text.rsplit_once('-').unwrap_or((text, ""));
            if number.parse::<u32>().is_err() {
                let what = format!("'{text}' is not a partition: write one as 'orders-0'");
                return Err(of.error(what));
            }
            of.one_of("topic", topic, &topics().collect::<Vec<_>>())?;
            Ok(text.to_owned())
        }
        About::Store => {
            let (what, known): (_, Vec<&str>) = match system {
                SystemName::Kafka => ("topic", topics().collect()),
                SystemName::RabbitMq => {
                    ("queue", scenario.rabbitmq.queues.iter().map(|it| it.name.as_str()).collect())
                }
            };
            of.one_of(what, of.text()?, &known)?;
            of.text().map(str::to_owned)
        }
    }
}

/// `2`, `"3..5"`, `"1.."`, `"lost"`.
fn claim(node: Node<'_>) -> Result<Is, Wrong> {
    if let Ok(number) = node.whole(0, u64::MAX) {
        return Ok(Is::Within(number, number));
    }
    let text = node.text()?;
    Is::read(text).ok_or_else(|| {
        let right = "write a number, a range as '3..5' or '3..', or a word";
        node.error(format!("'{text}' can be no answer: {right}"))
    })
}

fn tasks(top: Table<'_>, scenario: &Scenario, acts: usize) -> Result<Vec<Task>, Wrong> {
    let mut tasks = Vec::new();
    for node in top.items("try")? {
        let table = node.table(&["say", "system", "when", "do", "act"])?;
        if !is_of(table, scenario, acts)? {
            continue;
        }
        if tasks.len() == MAX_TASKS {
            return Err(node.error(format!("there are more than {MAX_TASKS} tasks")));
        }
        tasks.push(Task {
            say: title(table.need("say")?)?,
            system: table.need("system")?.choice()?,
            when: title(table.need("when")?)?,
            does: does(table.need("do")?, scenario)?,
        });
    }
    Ok(tasks)
}

/// `["5s commit c1"]`: what is asked for, and when.
fn does(list: Node<'_>, scenario: &Scenario) -> Result<Vec<(SimTime, Command)>, Wrong> {
    let (End::At(end) | End::WhenDone(end)) = scenario.ends;
    let mut does: Vec<(SimTime, Command)> = Vec::new();
    for node in list.list()? {
        let text = node.text()?;
        let Some((at, command)) = text.split_once(' ') else {
            return Err(node.error(format!("'{text}' is not a time and a command: '5s crash c1'")));
        };
        let at: SimTime = at.parse().map_err(|wrong| node.error(format!("{wrong}")))?;
        if end < at {
            return Err(node.error(format!("{at} is after the end, {end}")));
        }
        if does.last().is_some_and(|(before, _)| at < *before) {
            return Err(node.says("commands stand in order of time"));
        }
        let command: Command =
            command.parse().map_err(|it: BadCommand| node.error(it.to_string()))?;
        let mut cast = Cast::of(scenario);
        for (_, before) in scenario.steps.iter().chain(&does).filter(|it| it.0 <= at) {
            cast.remember(before);
        }
        cast.resolve(&command).map_err(|wrong| node.error(wrong.to_string()))?;
        does.push((at, command));
    }
    if does.is_empty() {
        return Err(list.says("this list is empty: it has the commands that do the task"));
    }
    Ok(does)
}

fn cards(top: Table<'_>, scenario: &Scenario, acts: usize) -> Result<Vec<Beat>, Wrong> {
    let mut cards: Vec<Beat> = Vec::new();
    for node in top.items("card")? {
        let table = node.table(&["system", "when", "say", "act"])?;
        if !is_of(table, scenario, acts)? {
            continue;
        }
        let card = beat(table)?;
        if cards.iter().any(|it| it.system == card.system) {
            let system = card.system.as_str();
            return Err(node.error(format!("there is a card for {system} before this one")));
        }
        cards.push(card);
    }
    Ok(cards)
}

/// Whether a task or a card belongs to the act that is read; one that names none does.
fn is_of(table: Table<'_>, scenario: &Scenario, acts: usize) -> Result<bool, Wrong> {
    let Some(act) = table.get("act") else { return Ok(true) };
    let most = u32::try_from(acts).expect("because there are few acts");
    Ok(act.small(1, most)? == u32::from(scenario.act.number))
}

fn decided(top: Table<'_>, scenario: &Scenario) -> Result<Vec<String>, Wrong> {
    let known = settings_of(scenario);
    let mut decided = Vec::new();
    for node in top.items("decided")? {
        let name = node.text()?;
        node.one_of("setting", name, &known)?;
        decided.push(name.to_owned());
    }
    Ok(decided)
}

/// The names of the settings of all machines there are.
fn settings_of(scenario: &Scenario) -> Vec<&'static str> {
    let mut names = Vec::new();
    for machines in decisive(scenario) {
        names.extend(machines.settings.iter().map(|it| it.setting.name));
    }
    names
}
