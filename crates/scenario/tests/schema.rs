//! The published shape of a scenario file, written from the tables of settings, so that it cannot
//! fall behind them. `UPDATE_EXPECT=1` writes it anew.

use brokerscope_core::kafka::config::{
    BrokerSettings, Commits, ConsumerSettings, OnFailure, ProducerSettings, TopicSettings,
};
use brokerscope_core::rabbitmq::config::{self as rabbitmq, Acks, ExchangeType, QueueArguments};
use brokerscope_core::settings::{Setting, Value as Choice};
use brokerscope_scenario::expand::KeyOrder;
use brokerscope_scenario::lesson::{OUTCOMES, Query};
use expect_test::expect_file;
use serde_json::{Map, Value, json};

/// A table with these keys, of which the first `needed` must be there.
fn table(doc: &str, needed: &[&str], properties: &Value) -> Value {
    json!({
        "description": doc,
        "type": "object",
        "required": needed,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn list(doc: &str, least: u32, items: &Value) -> Value {
    json!({ "description": doc, "type": "array", "minItems": least, "items": items })
}

fn whole(doc: &str, least: u64, most: u64) -> Value {
    json!({ "description": doc, "type": "integer", "minimum": least, "maximum": most })
}

fn time(doc: &str) -> Value {
    let pattern = r"^\s*[0-9]+(\.[0-9]{1,6})?\s*(us|ms|s|min|h|d)\s*$";
    json!({ "description": doc, "type": "string", "pattern": pattern })
}

fn text(doc: &str) -> Value {
    json!({ "description": doc, "type": "string" })
}

fn name(doc: &str) -> Value {
    json!({ "description": doc, "type": "string", "pattern": r"^\S+$" })
}

/// One of the words that a choice expects: "a, b or c".
fn choice<T: Choice>(doc: &str) -> Value {
    let words: Vec<&str> = T::EXPECTED.split([',', ' ']).filter(|it| !it.is_empty()).collect();
    let words: Vec<&str> = words.into_iter().filter(|it| *it != "or").collect();
    assert!(words.iter().all(|it| T::read(it).is_some()), "each word is one of the choices");
    json!({ "description": doc, "enum": words })
}

/// Settings under their real names; values may be texts, numbers, true or false.
fn settings(doc: &str, settings: &[Setting]) -> Value {
    let mut properties = Map::new();
    for it in settings {
        let value = json!({ "description": it.doc, "type": ["string", "number", "boolean"] });
        properties.insert(it.name.to_owned(), value);
    }
    table(doc, &[], &Value::Object(properties))
}

fn workload() -> Value {
    let work = json!({
        "description": "How long a consumer works on a message, or the shortest and the longest: \
                        \"400ms\", \"200ms to 600ms\". No time if it is not given.",
        "type": "string",
    });
    let size = json!({
        "description": "How many bytes a message has, or the fewest and the most of a range. 100 \
                        if it is not given.",
        "oneOf": [
            { "type": "integer", "minimum": 0, "maximum": 16_777_216 },
            {
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "items": { "type": "integer", "minimum": 0, "maximum": 16_777_216 },
            },
        ],
    });
    let mut flow = table(
        "A flow of messages from one producer, to one topic and one exchange.",
        &["name", "producer", "messages", "topic"],
        &json!({
            "name": name("What it is called."),
            "producer": name("Who sends it, in both systems."),
            "messages": whole("How many messages.", 0, 1_000_000),
            "every": time("How much time lies between two messages."),
            "per_second": whole("Instead of 'every': how many a second.", 1, 1_000_000),
            "starts": time("When the first one is sent; at once if it is not given."),
            "keys": list("The keys to choose from. Without them messages have no key.", 0,
                &json!({ "type": "string" })),
            "key_order": choice::<KeyOrder>("How a key is chosen: by chance with equal odds, or \
                one after the other. By chance if it is not given."),
            "work": work,
            "size_bytes": size,
            "poison": list("Messages on which all work fails, by their number in this flow, from \
                1.", 0, &json!({ "type": "integer", "minimum": 1 })),
            "topic": name("The Kafka topic."),
            "exchange": text("The RabbitMQ exchange; the default exchange if it is not given."),
            "routing_key": text("The routing key; with the default exchange a queue's name."),
            "route_by_key": { "description": "Whether each message's own key is its routing key.",
                "type": "boolean" },
            "mandatory": yes_or_no("Whether RabbitMQ sends back what no queue takes; as its \
                publisher is set to if it is not given."),
            "properties": json!({
                "description": "What is said about the messages to RabbitMQ: the same about \
                                all, or a list to be taken in turn.",
                "oneOf": [
                    properties(),
                    { "type": "array", "minItems": 1, "items": properties() },
                ],
            }),
        }),
    );
    flow["oneOf"] = json!([{ "required": ["every"] }, { "required": ["per_second"] }]);
    flow
}

/// True or false.
fn yes_or_no(doc: &str) -> Value {
    json!({ "description": doc, "type": "boolean" })
}

/// A field table of AMQP.
fn fields(doc: &str) -> Value {
    json!({
        "description": doc,
        "type": "object",
        "additionalProperties": { "type": ["string", "number", "boolean", "array"] },
    })
}

fn properties() -> Value {
    table(
        "The properties of a message.",
        &[],
        &json!({
            "headers": fields("Its headers."),
            "priority": whole("Its priority; none if it is not given.", 0, 255),
            "expiration": { "description": "How long it may wait in a queue, in milliseconds.",
                "type": "string", "pattern": "^[0-9]+$" },
            "delivery_mode": { "description": "2, as if it is not given: it outlives a restart \
                in a durable queue. 1: it does not.", "enum": [1, 2] },
        }),
    )
}

fn loss() -> Value {
    whole("Of a million packets, how many the network loses.", 0, 1_000_000)
}

#[allow(clippy::too_many_lines, reason = "each key, once")]
fn kafka() -> Value {
    let topic = table(
        "A topic.",
        &["name", "partitions"],
        &json!({
            "name": { "description": "Its name.", "type": "string",
                "pattern": "^[A-Za-z0-9._-]{1,249}$" },
            "partitions": whole("How many partitions it has.", 1, 1_000),
            "replication_factor": whole("How many copies of each partition there are; if it is \
                not given, as the brokers' default.replication.factor says.", 1, 100),
            "settings": settings("Its settings.", TopicSettings::SETTINGS),
        }),
    );
    let group = table(
        "A consumer group.",
        &["name", "topics", "consumers"],
        &json!({
            "name": name("Its group.id."),
            "topics": list("What it subscribes to.", 1, &name("A topic.")),
            "consumers": list("Its consumers.", 1, &name("A consumer.")),
            "settings": settings("What each of them is set to.", ConsumerSettings::SETTINGS),
            "commits": choice::<Commits>("When the application commits by itself; never if it is \
                not given, which says nothing about enable.auto.commit."),
            "on_failure": choice::<OnFailure>("What it does with a record whose work fails; it \
                tries again if this is not given."),
            "attempts": whole("How often a record is tried in all before it goes to the \
                dead-letter topic; 3 if it is not given.", 1, 1_000),
            "retry_delay": time("How long after a failed attempt the next one begins at the \
                earliest, by way of the retry topic; 1s if it is not given."),
            "retry_topic": name("Where a record waits for that; if it is not given, the record's \
                first topic with -retry behind it."),
            "dead_letter_topic": name("Where a record goes in the end; if it is not given, its \
                first topic with -dlt behind it."),
            "idempotent": yes_or_no("Whether the group remembers in a store what it has done, and \
                does nothing twice."),
            "starts": time("When they start; at once if it is not given."),
            "produces": table(
                "What each of them makes of what it reads, with a producer of its own: of each \
                    record, one.",
                &["topic"],
                &json!({
                    "topic": name("Where it goes."),
                    "transactional": { "description": "Whether the records and the offsets go \
                        into one transaction, which takes the place of the commit. Each \
                        consumer's transactional.id is its group's name, a hyphen and its own, \
                        if the settings do not say another.", "type": "boolean" },
                    "settings": settings("What the producer is set to.",
                        ProducerSettings::SETTINGS),
                }),
            ),
        }),
    );
    let producer = table(
        "What a producer of the workload is set to. One that is not here has the defaults.",
        &["name"],
        &json!({
            "name": name("Which one."),
            "settings": settings("Its settings.", ProducerSettings::SETTINGS),
            "transaction": table(
                "How it sends in transactions, if it has a transactional.id. What was not \
                    committed when it crashed it sends again.",
                &["records"],
                &json!({
                    "records": whole("How many records a transaction has.", 1, 1_000_000),
                    "aborts": list("The transactions that it aborts of its own will, by their \
                        number, from 1.", 0, &whole("A transaction.", 1, u64::from(u32::MAX))),
                }),
            ),
        }),
    );
    let latency = table(
        "How long messages travel, one way; 2 ms where it is not given.",
        &[],
        &json!({
            "producer": time("Between a producer and a broker."),
            "consumer": time("Between a consumer and the broker it fetches from."),
            "coordinator": time("Between a consumer and its group coordinator."),
            "cluster": time("Between brokers, and between them and the controller."),
            "jitter": time("At most so much longer, by chance."),
        }),
    );
    table(
        "The Kafka side.",
        &["topic"],
        &json!({
            "brokers": whole("How many brokers; one if it is not given.", 1, 100),
            "settings": settings("What every broker is set to.", BrokerSettings::SETTINGS),
            "latency": latency,
            "loss_per_million": loss(),
            "topic": list("The topics.", 1, &topic),
            "group": list("The consumer groups.", 0, &group),
            "producer": list("What producers are set to.", 0, &producer),
        }),
    )
}

fn publisher() -> Value {
    table(
        "What a producer of the workload is set to. One that is not here has the defaults.",
        &["name"],
        &json!({
            "name": name("Which one."),
            "settings": settings("Its settings.", rabbitmq::PublisherSettings::SETTINGS),
        }),
    )
}

#[allow(clippy::too_many_lines, reason = "each key, once")]
fn rabbitmq() -> Value {
    let binding = |what: &str| {
        table(
            what,
            &["exchange"],
            &json!({
                "exchange": text("The exchange that messages come from."),
                "routing_key": text("The binding key; empty if it is not given."),
                "arguments": fields("What a headers exchange compares, and x-match."),
            }),
        )
    };
    let alternate = |it: &&Setting| it.name == "alternate-exchange";
    let alternate: Vec<Setting> =
        rabbitmq::ExchangeProperties::SETTINGS.iter().filter(alternate).copied().collect();
    let exchange = table(
        "An exchange.",
        &["name"],
        &json!({
            "name": name("Its name."),
            "type": choice::<ExchangeType>("How it chooses among its bindings; direct if it is \
                not given."),
            "durable": yes_or_no("Whether it outlives a restart; it does if it is not given."),
            "auto_delete": yes_or_no("Whether it is deleted with the last binding from it."),
            "internal": yes_or_no("Whether only other exchanges may publish to it."),
            "arguments": settings("Its arguments.", &alternate),
            "bindings": list("Which exchanges it is bound to, to be handed their messages.", 0,
                &binding("A binding of the exchange.")),
        }),
    );
    let queue = table(
        "A queue.",
        &["name"],
        &json!({
            "name": name("Its name."),
            "durable": yes_or_no("Whether it outlives a restart; it does if it is not given."),
            "exclusive": yes_or_no("Whether it belongs to its consumer, which declares it when \
                it begins, and goes with that one's connection."),
            "auto_delete": yes_or_no("Whether its first consumer declares it, and it is deleted \
                with the last."),
            "arguments": settings("Its arguments.", QueueArguments::SETTINGS),
            "bindings": list("What it is bound to beside the default exchange.", 0,
                &binding("A binding of the queue.")),
        }),
    );
    let arguments = |it: &&Setting| it.name.starts_with("x-");
    let arguments: Vec<Setting> =
        rabbitmq::ConsumerSettings::SETTINGS.iter().filter(arguments).copied().collect();
    let consumers = table(
        "Consumers of a queue.",
        &["queue", "consumers"],
        &json!({
            "queue": name("The queue."),
            "consumers": list("Their names.", 1, &name("A consumer.")),
            "prefetch_count": whole("How many unacknowledged messages each may hold; 0, as if it \
                is not given, is no limit.", 0, 65_535),
            "auto_ack": { "description": "Whether a message counts as acknowledged the moment it \
                is sent.", "type": "boolean" },
            "global": yes_or_no("Whether prefetch_count is for the whole channel."),
            "exclusive": yes_or_no("Whether nobody else may consume from the queue."),
            "arguments": settings("Arguments of basic.consume.", &arguments),
            "acks": choice::<Acks>("When they acknowledge; after the work if it is not given."),
            "on_failure": choice::<rabbitmq::OnFailure>("What they do with a message whose work \
                fails; they requeue it if this is not given."),
            "retry_queue": name("With on_failure = \"publish\": the queue where a message waits \
                until it is tried again."),
            "attempts": whole("How often they try; then the message goes to 'parking_queue'. \
                Without end if it is not given.", 1, 1_000_000),
            "parking_queue": name("The queue for what failed so often."),
            "publishes": table("Where they publish the result of their work, before they \
                acknowledge.", &[], &json!({
                    "exchange": text("The exchange; the default exchange if it is not given."),
                    "routing_key": text("The routing key; with the default exchange a queue's \
                        name."),
                })),
            "idempotent": yes_or_no("Whether they remember what they have done, even after a \
                crash, and skip it when it comes again."),
            "starts": time("When they start; at once if it is not given."),
        }),
    );
    let latency = table(
        "How long messages travel, one way; 2 ms where it is not given.",
        &[],
        &json!({
            "publisher": time("Between a publisher and the broker."),
            "consumer": time("Between the broker and a consumer."),
            "cluster": time("Between the nodes of a cluster."),
            "jitter": time("At most so much longer, by chance."),
        }),
    );
    table(
        "The RabbitMQ side.",
        &[],
        &json!({
            "latency": latency,
            "loss_per_million": loss(),
            "settings":
                settings("What the broker is set to.", rabbitmq::BrokerSettings::SETTINGS),
            "exchange":
                list("The exchanges beside those whose names begin with amq.", 0, &exchange),
            "queue": list("The queues.", 0, &queue),
            "publisher": list("What publishers are set to.", 0, &publisher()),
            "consumers": list("The consumers.", 0, &consumers),
        }),
    )
}

fn system() -> Value {
    json!({ "description": "In which system.", "enum": ["kafka", "rabbitmq"] })
}

fn when() -> Value {
    text("The text of the fact, or its beginning.")
}

fn act_number() -> Value {
    whole("The act that it belongs to; all of them if it is not given.", 1, 4)
}

/// What is computed for a question: the keys that both systems share or that one has for itself.
fn query(about: &str) -> (Value, Value) {
    let words: Vec<&str> = Query::ALL.iter().map(|it| it.word()).collect();
    let docs: Vec<String> =
        Query::ALL.iter().map(|it| format!("{}: {}", it.word(), it.doc())).collect();
    let query = json!({ "description": docs.join(" "), "enum": words });
    let of = json!({ "description": about, "type": ["string", "integer"] });
    (query, of)
}

fn asks() -> Value {
    let (query, of) = query(
        "What it is about: the number of a message, a word of the ledger, the beginning of a \
         fact, a consumer, a partition, a topic or a queue.",
    );
    let own = |reader: &str| {
        let keys = json!({ "query": query, "of": of, "reader": name(reader) });
        json!({
            "description": format!("{reader} Or a table with what is asked here."),
            "oneOf": [{ "type": "string" }, table("What is asked here.", &[], &keys)],
        })
    };
    table(
        "What the question comes down to: something that is computed from the run at its end. \
         Without 'kafka' and 'rabbitmq' both are asked, each of its first reader; with one of \
         them only that system is.",
        &[],
        &json!({
            "query": query,
            "of": of,
            "kafka": own("Which group is asked."),
            "rabbitmq": own("Which queue is asked."),
        }),
    )
}

/// The keys of a lesson beside those of a scenario.
fn lesson_keys() -> Vec<(&'static str, Value)> {
    let is = json!({
        "description": "What it claims: a number, a range as '3..5' (both included) or '3..', or \
                        a word. The right answer is the one that holds for what is computed.",
        "type": ["string", "integer"],
    });
    let answer = table(
        "A choice.",
        &["is", "say"],
        &json!({ "is": is, "say": text("The choice as a person reads it.") }),
    );
    let mut answers = list("What there is to choose from.", 2, &answer);
    answers["maxItems"] = json!(4);
    let task = table(
        "Something to try. It must not happen untouched, and must after its commands.",
        &["say", "system", "when", "do"],
        &json!({
            "say": text("What to do, one sentence."),
            "system": system(),
            "when": when(),
            "do": list("Commands that do it, as in \"5s commit c1\".", 1, &text("One of them.")),
            "act": act_number(),
        }),
    );
    let card = table(
        "What a system did, said at the end.",
        &["system", "when", "say"],
        &json!({
            "system": system(),
            "when": when(),
            "say": text("What is said, at most two sentences."),
            "act": act_number(),
        }),
    );
    vec![
        ("asks", asks()),
        ("answer", answers),
        ("try", list("What to try, at most three tasks an act.", 0, &task)),
        ("card", list("The closing card, at most one entry a system and act.", 0, &card)),
        ("decided", list("The settings that decided it.", 0, &text("The real name."))),
    ]
}

/// An act: any of the keys above, laid over the file.
fn act(known: &Value) -> Value {
    let mut keys = Map::new();
    for key in known.as_object().expect("it is a table").keys() {
        keys.insert(key.clone(), json!({}));
    }
    keys.insert("title".to_owned(), text("What is tried in it, a few words."));
    keys.insert("say".to_owned(), text("What is different in it, one or two sentences."));
    table(
        "A run of its own: what it says lies over what the file says. Tables are laid over key by \
         key, lists of named things by their names, steps and beats come after the file's; any \
         other value takes the place of the file's.",
        &["title"],
        &Value::Object(keys),
    )
}

#[test]
fn the_published_shape_is_the_one_that_is_read() {
    let step = table(
        "Something that the scenario does.",
        &["at", "do"],
        &json!({
            "at": time("When."),
            "do": text("A command, as in \"crash c1\", \"kafka pause c2\", \"add c4\"."),
        }),
    );
    let beat = table(
        "Something that is said when a fact first happens.",
        &["system", "when", "say"],
        &json!({
            "system": system(),
            "when": when(),
            "say": text("What is said, at most two sentences."),
        }),
    );
    let mut schema = table(
        "What is sent through a simulated Kafka and a simulated RabbitMQ, how both are set up, \
         what happens to them, and what is said about it. Scenario files are TOML or JSON of this \
         shape. Beyond what is said here, names that are referred to must exist, consumers' names \
         are there once a system, and no setting may be out of its range.",
        &["title", "question", "ends", "workload", "kafka", "rabbitmq"],
        &json!({
            "title": text("A few words."),
            "question": text("What it asks, in plain words."),
            "seed": whole("What all chance is drawn from; 1 if it is not given.", 0, (1 << 53) - 1),
            "ends": time("When the run ends."),
            "workload": list("What is sent to both systems.", 1, &workload()),
            "kafka": kafka(),
            "rabbitmq": rabbitmq(),
            "step": list("What the scenario does, and when.", 0, &step),
            "beat": list("What it says, and when.", 0, &beat),
        }),
    );
    let keys = schema["properties"].as_object_mut().expect("it is a table");
    keys.extend(lesson_keys().into_iter().map(|(key, value)| (key.to_owned(), value)));
    let mut acts = list("The acts, if it is more than one run.", 0, &act(&schema["properties"]));
    acts["maxItems"] = json!(4);
    schema["properties"]["act"] = acts;
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Brokerscope scenario");
    let told = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    expect_file!["../../../schema/scenario.schema.json"].assert_eq(&told);
}

#[test]
fn every_query_is_described_where_lessons_are_written() {
    let guide = include_str!("../../../scenarios/README.md");
    let words: Vec<&str> = Query::ALL.iter().map(|it| it.word()).collect();
    assert_eq!(choice::<Query>("")["enum"], json!(words), "a complaint names them all");
    for query in Query::ALL {
        let row = format!("| `{}` |", query.word());
        assert!(guide.contains(&row), "the guide has a row for {}", query.word());
    }
    for count in OUTCOMES {
        assert!(guide.contains(&format!("`{count}`")), "the guide names {count}");
    }
}
