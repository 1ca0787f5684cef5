//! What is asked of a rule alone, without a cluster: where a key goes, where a group is kept, who
//! reads what.

use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::assignor::compute::{ClassicAssignor, Member, ServerAssignor};
use brokerscope_core::kafka::config::Client;
use brokerscope_core::kafka::placement::partition_for_key;
use brokerscope_core::settings::Value as _;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The partition of a key as a client library computes it, null where it draws one.
pub(crate) fn place(step: &Step) -> Result<Value, Unable> {
    let given = Given::of(step, &["client", "partitions", "key", "key_hex"])?;
    let client = given.text("client")?;
    let client = Client::read(client)
        .ok_or_else(|| Unable::Wrong(format!("the client is {}", Client::EXPECTED)))?;
    let key = match (given.text_if_any("key")?, given.text_if_any("key_hex")?) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(hex)) => bytes(hex)
            .ok_or_else(|| Unable::Wrong("its 'key_hex' is not hexadecimal".to_owned()))?,
        (None, None) | (Some(_), Some(_)) => {
            return Err(Unable::Wrong("it has one of 'key' and 'key_hex'".to_owned()));
        }
    };
    Ok(partition_for_key(client, &key, given.partitions("partitions")?).into())
}

/// Two digits a byte.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hex.chars().map(|it| it.to_digit(16)).collect();
    let digits = digits.filter(|it| it.len() % 2 == 0)?;
    digits.chunks_exact(2).map(|it| u8::try_from(it[0] * 16 + it[1]).ok()).collect()
}

/// The partition of `__consumer_offsets` that keeps a group.
pub(crate) fn offsets_partition(step: &Step) -> Result<Value, Unable> {
    let given = Given::of(step, &["group", "partitions"])?;
    let partitions = given.partitions("partitions")?;
    Ok(brokerscope_core::kafka::offsets_partition(given.text("group")?, partitions).into())
}

/// What an assignor gives each member, by member and topic.
pub(crate) fn compute_assignment(step: &Step) -> Result<Value, Unable> {
    let given = Given::of(step, &["assignor", "topics", "members"])?;
    let topics = given.partition_counts("topics")?;
    let members: Vec<Member> =
        given.list("members")?.iter().map(member).collect::<Result<_, _>>()?;
    if members.iter().map(|it| &it.id).collect::<BTreeSet<_>>().len() < members.len() {
        return Err(Unable::Wrong("two members have one id".to_owned()));
    }
    let name = given.text("assignor")?;
    let server = match name {
        "server-range" => Some(ServerAssignor::Range),
        _ => ServerAssignor::read(name).filter(|it| *it == ServerAssignor::Uniform),
    };
    let assignment = if let Some(assignor) = server {
        assignor.assign(&topics, &members)
    } else if let Some(assignor) = ClassicAssignor::read(name) {
        assignor.assign(&topics.into_iter().collect(), &members)
    } else {
        return Err(Unable::NotModelled(format!("compute_assignment with '{name}'")));
    };
    let mut answer = Map::new();
    for (member, reads) in members.into_iter().zip(assignment) {
        let mut by_topic: Map<String, Value> = Map::new();
        for partition in reads {
            let numbers = by_topic
                .entry(partition.topic.as_str())
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(numbers) = numbers {
                numbers.push(partition.partition.into());
            }
        }
        answer.insert(member.id, by_topic.into());
    }
    Ok(answer.into())
}

fn member(value: &Value) -> Result<Member, Unable> {
    let given = Given::object(value, &["id", "topics", "instance", "owned", "generation"])?;
    let generation = given.value("generation").map(|it| {
        let number = it.as_i64().and_then(|it| i32::try_from(it).ok());
        number.ok_or_else(|| Unable::Wrong("its 'generation' is not a generation".to_owned()))
    });
    Ok(Member {
        id: given.text("id")?.to_owned(),
        instance: given.text_if_any("instance")?.map(str::to_owned),
        topics: given.topics("topics")?,
        owned: given.partitions_by_topic("owned")?,
        generation: generation.transpose()?,
    })
}
