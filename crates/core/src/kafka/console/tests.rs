use super::*;
use crate::kafka::BrokerId;
use expect_test::{Expect, expect};

fn partitions(text: &str) -> Vec<TopicPartition> {
    let one = |it: &str| {
        let (topic, number) = it.split_once('-').unwrap();
        TopicPartition::new(topic, number.parse().unwrap())
    };
    text.split_whitespace().map(one).collect()
}

fn member(id: &str, client: &str, reads: &str) -> DescribedMember {
    DescribedMember {
        id: id.into(),
        instance: None,
        client: client.into(),
        epoch: None,
        is_upgraded: None,
        reads: partitions(reads),
        target: Vec::new(),
    }
}

/// `t` with three partitions that hold 3, 1 and 0 records, and groups that read it: `busy` with
/// two members, `idle` with none, `new` of the `consumer` protocol in the middle of a move.
fn cluster() -> Described {
    let offset = |partition: &str, offset: i64, leader_epoch| DescribedOffset {
        partition: partitions(partition).remove(0),
        offset: Offset(offset),
        leader_epoch,
    };
    let group = |name: &str, state, members| DescribedGroup {
        group: name.into(),
        coordinator: BrokerId(1),
        kind: "Classic",
        state,
        assignor: if state == "Empty" { "".into() } else { "range".into() },
        epoch: None,
        target_epoch: None,
        members,
        committed: vec![offset("t-0", 1, Some(0)), offset("t-1", 1, None)],
    };
    let consumer = |client: &str, epoch, reads: &str, target: &str| DescribedMember {
        epoch: Some(epoch),
        is_upgraded: Some(true),
        target: partitions(target),
        ..member("pL9xXqJmTbSxkz0d2s7w3A", client, reads)
    };
    let moving = vec![consumer("c1", 7, "t-0 t-1", "t-0"), consumer("c2", 8, "t-2", "t-1 t-2")];
    let partition = |end: i64, leader: Option<u16>| DescribedPartition {
        leader: leader.map(BrokerId),
        replicas: vec![BrokerId(1), BrokerId(2)],
        isr: leader.map(BrokerId).into_iter().collect(),
        elr: vec![BrokerId(2)],
        last_known_elr: Vec::new(),
        offsets: leader.map(|_| (Offset(0), Offset(end))),
        newest: (0 < end).then_some(Offset(end - 1)),
    };
    let topic = |name: &str, configs, partitions| DescribedTopic {
        name: name.into(),
        configs,
        min_insync_replicas: 1,
        partitions,
    };
    let configs = vec![("cleanup.policy", "compact".to_owned()), ("segment.ms", "5".to_owned())];
    Described {
        groups: vec![
            group("busy", "Stable", vec![member("c1-0", "c1", "t-0"), member("c2-0", "c2", "")]),
            group("idle", "Empty", Vec::new()),
            DescribedGroup {
                kind: "Consumer",
                assignor: "uniform".into(),
                epoch: Some(8),
                target_epoch: Some(8),
                ..group("new", "Reconciling", moving)
            },
        ],
        topics: vec![
            topic("__consumer_offsets", Vec::new(), vec![partition(5, Some(1))]),
            topic("gone", configs, vec![partition(0, None)]),
            topic("t", Vec::new(), [3, 1, 0].map(|it| partition(it, Some(1))).into()),
        ],
        brokers: vec![BrokerId(1)],
    }
}

/// What a command line prints: standard output, then after `!` standard error; or its refusal.
fn check(line: &str, expect: Expect) {
    let told = words(line).and_then(|words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&cluster(), words[0], &words[1..])
    });
    expect.assert_eq(&folded(&match told {
        Ok(Printed { stdout, stderr, .. }) if stderr.is_empty() => stdout,
        Ok(Printed { stdout, stderr, .. }) => format!("{stdout}! {stderr}"),
        Err(bad) => format!("{bad}\n"),
    }));
}

/// The text with its long lines broken: a backslash stands where one goes on.
fn folded(text: &str) -> String {
    let mut told = String::new();
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        let parts: Vec<String> = letters.chunks(80).map(|it| it.iter().collect()).collect();
        told += &parts.join("\\\n");
        told.push('\n');
    }
    told
}

#[test]
fn offsets_are_told_for_members_first_and_then_for_what_nobody_reads() {
    check(
        "kafka-consumer-groups.sh --describe --group busy",
        expect![[r#"

            GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  \
                       CONSUMER-ID     HOST            CLIENT-ID
            busy            t               0          1               3               2    \
                       c1-0            /127.0.0.1      c1
            busy            t               1          1               1               0    \
                       -               -               -
        "#]],
    );
    check(
        "kafka-consumer-groups --describe --group idle --verbose",
        expect![[r#"

            GROUP           TOPIC           PARTITION  LEADER-EPOCH    CURRENT-OFFSET  LOG-E\
            ND-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
            idle            t               0          0               1               3    \
                       2               -               -               -
            idle            t               1          -               1               1    \
                       0               -               -               -
            ! 
            Consumer group 'idle' has no active members.
        "#]],
    );
    check(
        "kafka-consumer-groups --describe --all-groups --offsets",
        expect![[r#"

            GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  \
                       CONSUMER-ID     HOST            CLIENT-ID
            busy            t               0          1               3               2    \
                       c1-0            /127.0.0.1      c1
            busy            t               1          1               1               0    \
                       -               -               -

            GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  \
                       CONSUMER-ID     HOST            CLIENT-ID
            idle            t               0          1               3               2    \
                       -               -               -
            idle            t               1          1               1               0    \
                       -               -               -

            GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  \
                       CONSUMER-ID            HOST            CLIENT-ID
            new             t               0          1               3               2    \
                       pL9xXqJmTbSxkz0d2s7w3A /127.0.0.1      c1
            new             t               1          1               1               0    \
                       pL9xXqJmTbSxkz0d2s7w3A /127.0.0.1      c1
            new             t               2          -               0               -    \
                       pL9xXqJmTbSxkz0d2s7w3A /127.0.0.1      c2
            ! 
            Consumer group 'idle' has no active members.

            Warning: Consumer group 'new' is rebalancing.
        "#]],
    );
}

#[test]
fn members_are_told_with_what_they_read_and_are_to_read() {
    check(
        "kafka-consumer-groups --describe --group busy --members",
        expect![[r#"

        GROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     
        busy            c1-0            /127.0.0.1      c1              1               
        busy            c2-0            /127.0.0.1      c2              0               
    "#]],
    );
    check(
        "kafka-consumer-groups --describe --group new --members --verbose",
        expect![[r#"

            GROUP           CONSUMER-ID            HOST            CLIENT-ID       #PARTITIO\
            NS     CURRENT-EPOCH   CURRENT-ASSIGNMENT   TARGET-EPOCH    TARGET-ASSIGNMENT   
            new             pL9xXqJmTbSxkz0d2s7w3A /127.0.0.1      c1              2        \
                   7               t:0,1                8               t:0                 
            new             pL9xXqJmTbSxkz0d2s7w3A /127.0.0.1      c2              1        \
                   8               t:2                  8               t:1,2               
            ! 
            Warning: Consumer group 'new' is rebalancing.
        "#]],
    );
    check(
        "kafka-consumer-groups --describe --group idle --members",
        expect![[r#"

        GROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     
        ! 
        Consumer group 'idle' has no active members.
    "#]],
    );
}

#[test]
fn states_are_told() {
    check(
        "kafka-consumer-groups --describe --group new --state --verbose",
        expect![[r#"

            GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE            \
                GROUP-EPOCH     TARGET-ASSIGNMENT-EPOCH   #MEMBERS
            new             127.0.0.1:19091  (1)      uniform              Reconciling      \
                8               8                         2
            ! 
            Warning: Consumer group 'new' is rebalancing.
        "#]],
    );
    check(
        "kafka-consumer-groups --describe --group idle --state",
        expect![[r#"

            GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE            \
                #MEMBERS
            idle            127.0.0.1:19091  (1)      -                    Empty            \
                0
            ! 
            Consumer group 'idle' has no active members.
        "#]],
    );
}

#[test]
fn groups_are_listed_with_what_is_asked_for() {
    check(
        "kafka-consumer-groups --list",
        expect![[r#"
        busy
        idle
        new
    "#]],
    );
    check(
        "kafka-consumer-groups --list --state stable,empty --type",
        expect![[r#"
        GROUP                     TYPE                 STATE               
        busy                      Classic              Stable              
        idle                      Classic              Empty               
    "#]],
    );
}

#[test]
fn offsets_are_reset_only_while_nobody_reads_and_only_within_the_log() {
    let reset = "kafka-consumer-groups --reset-offsets --topic t --execute";
    check(
        &format!("{reset} --group busy --to-earliest"),
        expect![[r#"

            Error: Assignments can only be reset if the group 'busy' is inactive, but the cu\
            rrent state is Stable.

            GROUP           TOPIC           PARTITION  NEW-OFFSET
        "#]],
    );
    check(
        &format!("{reset} --group idle --to-offset 9"),
        expect![[r#"

        GROUP           TOPIC           PARTITION  NEW-OFFSET
        idle            t               0          3
        idle            t               1          1
        idle            t               2          0
    "#]],
    );
    check(
        &format!("{reset} --group idle --shift-by -5"),
        expect![[r#"
        Cannot shift offset for partition t-2 since there is no current committed offset
    "#]],
    );
    let words = ["--reset-offsets", "--group", "idle", "--topic", "t:1", "--to-latest"];
    let plan = run(&cluster(), "kafka-consumer-groups", &words).unwrap();
    assert_eq!(plan.alters, [], "without --execute nothing is set");
    let words = [&words[..], &["--execute"]].concat();
    let plan = run(&cluster(), "kafka-consumer-groups", &words).unwrap();
    let set = vec![(TopicPartition::new("t", 1), Offset(1))];
    assert_eq!(plan.alters, [("idle".into(), set)]);
}

#[test]
fn topics_are_described_line_by_line() {
    check(
        "kafka-topics --describe --topic 'g.*'",
        expect![[r#"
            Topic: gone	TopicId: AAAAAAAAAAAAAAAAAAAAAA	PartitionCount: 1	ReplicationFactor:\
             2	Configs: cleanup.policy=compact,segment.ms=5
            	Topic: gone	Partition: 0	Leader: none	Replicas: 1,2	Isr: 	Elr: 2	LastKnownElr: 
        "#]],
    );
    let words = ["--describe", "--unavailable-partitions"];
    let told = run(&cluster(), "kafka-topics", &words).unwrap();
    // With the tab that it begins with, which a text block would take for indentation.
    assert_eq!(
        told.stdout,
        "\tTopic: gone\tPartition: 0\tLeader: none\tReplicas: 1,2\tIsr: \tElr: 2\tLastKnownElr: \n",
        "only the partition without a leader"
    );
    check(
        "kafka-topics --describe --topics-with-overrides",
        expect![[r#"
            Topic: gone	TopicId: AAAAAAAAAAAAAAAAAAAAAA	PartitionCount: 1	ReplicationFactor:\
             2	Configs: cleanup.policy=compact,segment.ms=5
        "#]],
    );
    check(
        "kafka-topics --list --exclude-internal",
        expect![[r#"
        gone
        t
    "#]],
    );
    check(
        "kafka-topics --describe --topic nothing",
        expect![[r#"
        ! Topic 'nothing' does not exist as expected
    "#]],
    );
}

#[test]
fn offsets_of_partitions_are_listed_where_there_are_any() {
    check(
        "kafka-get-offsets --topic t",
        expect![[r#"
        t:0:3
        t:1:1
        t:2:0
    "#]],
    );
    check(
        "kafka-get-offsets --topic-partitions t:1-,gone --time max-timestamp",
        expect![[r#"
        t:1:0
    "#]],
    );
    check(
        "kafka-get-offsets --topic nothing",
        expect![[r#"
            ! Error occurred: Could not match any topic-partitions with the specified filter\
            s
        "#]],
    );
}

#[test]
fn what_is_not_a_command_line_is_told_in_a_sentence() {
    check(
        "kafka-acls --list",
        expect![[r#"
            'kafka-acls' is not a tool here; there are kafka-consumer-groups, kafka-topics a\
            nd kafka-get-offsets
        "#]],
    );
    check(
        "kafka-topics --list --describe",
        expect![[r#"
        the command must include exactly one action: --list, --describe
    "#]],
    );
    check(
        "kafka-topics --create --topic t",
        expect![[r#"
        --create is not a recognized option here
    "#]],
    );
    check(
        "kafka-consumer-groups --describe",
        expect![[r#"
        this takes --group with a name, or --all-groups
    "#]],
    );
    check(
        "kafka-consumer-groups --describe --group",
        expect![[r#"
        option --group requires an argument
    "#]],
    );
    check(
        "kafka-topics list",
        expect![[r#"
        'list' is not an option
    "#]],
    );
    check(
        "kafka-topics '--list",
        expect![[r#"
        a quote in it is not closed
    "#]],
    );
    check(
        " ",
        expect![[r#"
        there is no tool in it
    "#]],
    );
}

#[test]
fn groups_and_offsets_are_deleted_unless_someone_uses_them() {
    check(
        "kafka-consumer-groups --delete --group busy --group idle --group nobody",
        expect![[r#"

            Error: Deletion of some consumer groups failed:
            * Group 'busy' could not be deleted due to: org.apache.kafka.common.errors.Group\
            NotEmptyException: The group is not empty.
            * Group 'nobody' could not be deleted due to: org.apache.kafka.common.errors.Gro\
            upIdNotFoundException: The group id does not exist.

            These consumer groups were deleted successfully: 'idle'
        "#]],
    );
    check(
        "kafka-consumer-groups --delete --group idle",
        expect![[r#"
        Deletion of requested consumer groups ('idle') was successful.
    "#]],
    );
    check(
        "kafka-consumer-groups --delete-offsets --group idle --topic t:0,7",
        expect![[r#"

        Error: Encountered some partition-level error, see the follow-up details.

        TOPIC           PARTITION  STATUS         
        t               0          Successful     
        t               7          Error: org.apache.kafka.common.errors.UnknownTopicOrP\
        artitionException: This server does not host this topic-partition.
    "#]],
    );
    check(
        "kafka-consumer-groups --delete-offsets --group idle --topic nope",
        expect![[r#"
        Request succeeded for deleting offsets from group idle.

        TOPIC           PARTITION  STATUS         
        nope            -          Error: org.apache.kafka.common.errors.UnknownTopicOrP\
        artitionException: This server does not host this topic-partition.
    "#]],
    );
    check(
        "kafka-consumer-groups --delete-offsets --group busy --topic t:0",
        expect![[r#"

        Error: Encountered some partition-level error, see the follow-up details.

        TOPIC           PARTITION  STATUS         
        t               0          Error: org.apache.kafka.common.errors.GroupSubscribed\
        ToTopicException: Deleting offsets of a topic is forbidden while the consumer gr\
        oup is actively subscribed to it.
    "#]],
    );
    check(
        "kafka-consumer-groups --delete-offsets --group nobody --topic t:0",
        expect![[r#"

        Error: The group id does not exist.

        TOPIC           PARTITION  STATUS         
        t               0          Error: org.apache.kafka.common.errors.GroupIdNotFound\
        Exception: The group id does not exist.
    "#]],
    );
    let words = ["--delete-offsets", "--group", "idle", "--topic", "t:0,7"];
    let told = run(&cluster(), "kafka-consumer-groups", &words).unwrap();
    assert_eq!(told.forgets, [("idle".into(), vec![TopicPartition::new("t", 0)])]);
    let words = ["--delete", "--group", "idle", "--group", "busy"];
    let told = run(&cluster(), "kafka-consumer-groups", &words).unwrap();
    assert_eq!(told.deletes, ["idle".into()], "only who has no members");
}

#[test]
fn a_plan_is_exported_as_rows_with_commas_and_a_warning_that_nothing_is_done() {
    check(
        "kafka-consumer-groups --reset-offsets --group idle --topic t --to-earliest --export",
        expect![[r#"
            t,0,0
            t,1,0
            t,2,0

            ! WARN: No action will be performed as the --execute option is missing. In versi\
            on 5.0, this command will require either --dry-run or --execute to be specified.\
             You should add the --dry-run option explicitly if you are scripting this comman\
            d and want to keep the current default behavior without prompting.
        "#]],
    );
    check(
        "kafka-consumer-groups --reset-offsets --group idle --group other --topic t:0 --to-latest \
         --export --dry-run",
        expect![[r#"
            other,t,0,3
            idle,t,0,3

        "#]],
    );
}
