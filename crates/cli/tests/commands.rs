//! The command as a person meets it: what goes in, what comes out, on which stream, with which end.

use expect_test::{Expect, ExpectFile, expect, expect_file};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs the command in the folder of the workspace, with `input` as its standard input.
fn run(arguments: &str, input: &[u8]) -> (bool, String, String) {
    let words: Vec<&str> = arguments.split(' ').filter(|it| !it.is_empty()).collect();
    run_words(&words, input)
}

/// As [`run`], with arguments that may hold spaces.
fn run_words(arguments: &[&str], input: &[u8]) -> (bool, String, String) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut child = Command::new(env!("CARGO_BIN_EXE_brokerscope"))
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built for this test");
    let mut to = child.stdin.take().expect("its input is a pipe");
    // A command that refuses its arguments does not read.
    let _ = to.write_all(input);
    drop(to);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("it writes text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// What is printed by a command that succeeds.
#[track_caller]
fn check(arguments: &str, input: &str, expected: Expect) {
    let (success, out, wrong) = run(arguments, input.as_bytes());
    assert_eq!((success, &*wrong), (true, ""), "it succeeds");
    expected.assert_eq(&out);
}

/// Commands that fail, print nothing else, and say why in one line on standard error.
#[track_caller]
fn check_refused(commands: &[(&str, &[u8])], expected: ExpectFile) {
    let mut told = String::new();
    for (arguments, input) in commands {
        let (success, out, wrong) = run(arguments, input);
        assert_eq!((success, &*out), (false, ""), "it fails and prints nothing: {arguments}");
        assert_eq!(wrong.lines().count(), 1, "one line: {wrong}");
        let input = input.escape_ascii();
        told += &format!("$ brokerscope {arguments}\n< {input}\n{wrong}\n");
    }
    expected.assert_eq(&told);
}

#[test]
fn a_distribution_has_a_line_a_partition() {
    let rows = "id,n\na,1\nb,2\n\"c,\n\"\"d\"\"\",3\na,4\n,5\n";
    check(
        "partition --partitions 3 --keys - --column id",
        rows,
        expect![[r#"
        partition  rows    share
                0     1   20.0 %
                1     2   40.0 %
                2     2   40.0 %
        5 rows, 4 different keys
    "#]],
    );
    let client = "--client librdkafka";
    check(
        &format!("partition --partitions 3 {client} --keys - --column id"),
        rows,
        expect![[r#"
        partition  rows    share
                0     2   40.0 %
                1     1   20.0 %
                2     1   20.0 %
        not fixed     1   20.0 %
        5 rows, 4 different keys
    "#]],
    );
    check(
        "partition --partitions 2 --keys -",
        "",
        expect![[r#"
        partition  rows    share
                0     0    0.0 %
                1     0    0.0 %
        0 rows, 0 different keys
    "#]],
    );
}

#[test]
fn each_row_has_a_line_with_its_key_and_its_partition() {
    let rows = "id,n\na,1\nb,2\n\"c,\n\t\"\"d\"\"\u{1}\\\",3\na,4\n,5\né,6\n";
    check(
        "partition --partitions 3 --keys - --column id --each",
        rows,
        expect![[r#"
        a	1
        b	2
        c,\n\t"d"\u0001\	0
        a	1
        	0
        é	0
    "#]],
    );
    let rows = "{\"id\":\"a\"}\n{\"id\":5}\n{}\n{\"id\":\"\"}\n";
    check(
        "partition --partitions 12 --keys - --field id --each",
        rows,
        expect![[r#"
        a	4
        5	6
        	-
        	9
    "#]],
    );
    let client = "--client librdkafka";
    check(
        &format!("partition --partitions 12 {client} --keys - --field id --each"),
        rows,
        expect![[r#"
            a	3
            5	10
            	-
            	-
        "#]],
    );
}

#[test]
fn a_wrong_row_is_named_and_nothing_is_printed() {
    check_refused(
        &[
            ("partition --partitions 3 --keys - --column id", b"id,n\na,1\nb\n"),
            ("partition --partitions 3 --keys - --column di", b"id,n\na,1\n"),
            ("partition --partitions 3 --keys - --field id", b"{\"id\":1}\n{"),
            ("partition --partitions 3 --keys -", b"a\n\xff\n"),
            ("partition --partitions 3 --keys no-such-file", b""),
            ("partition --partitions 3 --keys orders.csv", b""),
        ],
        expect_file!["refused/rows.txt"],
    );
}

#[test]
fn what_is_not_understood_is_answered_in_one_line() {
    check_refused(
        &[
            ("", b""),
            ("rum", b""),
            ("run", b""),
            ("run crash-befor-commit", b""),
            ("run no/such.toml", b""),
            ("run crash-before-commit --until 5", b""),
            ("run crash-before-commit --sede 5", b""),
            ("run crash-before-commit --column id", b""),
            ("run - --keys -", b""),
            ("run -", b"title = 5"),
            ("partition --partitions 0 --keys -", b""),
            ("partition --keys -", b""),
            ("partition --explain a --keys -", b""),
            ("partition --explain a --partitions 0", b""),
            ("partition --partitions 3 --keys - --client go", b""),
            ("partition --partitions 3 --keys - --column a --field b", b""),
            ("render crash-before-commit --at 5s --theme blue", b""),
            ("render crash-before-commit --at 5s --width 20", b""),
            ("render crash-before-commit --at 5s -o no/such/folder.svg", b""),
            ("check", b""),
        ],
        expect_file!["refused/arguments.txt"],
    );
}

#[test]
fn help_is_no_mistake() {
    let (success, out, wrong) = run("run --help", b"");
    assert_eq!((success, &*wrong), (true, ""), "it is printed where it can be read");
    assert!(out.contains("--until <TIME>"), "options are told: {out}");
}

#[test]
fn the_arithmetic_for_one_key_is_shown() {
    check(
        "partition --explain user-123 --partitions 12",
        "",
        expect![[r#"
        the key's bytes  75 73 65 72 2d 31 32 33
        murmur2          0xa87c3114 = -1468255980
        & 0x7fffffff     0x287c3114 = 679227668
        % 12             partition 8
    "#]],
    );
    check(
        "partition --explain user-123 --client librdkafka",
        "",
        expect![[r#"
        the key's bytes  75 73 65 72 2d 31 32 33
        crc32            0xa2686a4e = 2724751950
        % 3              partition 0
    "#]],
    );
    check(
        "partition --explain= --partitions 3 --client librdkafka",
        "",
        expect![[r#"
        the key's bytes    none
        consistent_random  an empty key counts as no key: a random partition
    "#]],
    );
}

/// A file in cargo's folder for tests.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("cargo's folder can be written");
    path
}

#[test]
fn scenarios_are_checked_and_so_is_what_they_say() {
    let count = brokerscope_scenario::LESSONS.len();
    let (_, listed, _) = run("check scenarios/lessons.toml", b"");
    assert_eq!(listed, format!("scenarios/lessons.toml: right, {count} lessons\n"));
    check(
        "check --lesson scenarios/crash-before-commit.toml",
        "",
        expect![[r#"
            scenarios/crash-before-commit.toml: right, 20 messages, 8 beats, 20.00 s
              Kafka: processed 7 = 2
                Another consumer gets it and does the work a second time.
              RabbitMQ: processed 7 = 2
                Another consumer gets it and does the work a second time.
              try: Let c1 commit just before it crashes, and see which orders nobody works on now.
                5.25 s commit c1; done at 5.27 s
              try: Start c1 again within six seconds of its crash.
                7.00 s restart c1; done at 7.00 s
        "#]],
    );
    let crash = include_str!("../../../scenarios/crash-before-commit.toml");
    let never = file("never.toml", &crash.replace("billing removed c1", "billing removed c3"));
    let (_, _, wrong) = run(&format!("check {}", never.display()), b"");
    let wrong = wrong.replace(&*never.to_string_lossy(), "never.toml").replace(": ", ":\n");
    expect![[r#"
        brokerscope:
        never.toml:
        beat[4].when:
        nothing that happens in Kafka begins with 'billing removed c3'
    "#]]
    .assert_eq(&wrong);
    let typo = file("typo.toml", &crash.replace("prefetch_count", "prefetch_cuont"));
    let both = format!("check scenarios/crash-before-commit.toml {}", typo.display());
    let (success, out, wrong) = run(&both, b"");
    let wrong = wrong.replace(&*typo.to_string_lossy(), "typo.toml").replace(": ", ":\n");
    assert!(!success, "one wrong file is enough");
    expect![[r#"
        scenarios/crash-before-commit.toml: right, 20 messages, 8 beats, 20.00 s
          Kafka: processed 7 = 2
            Another consumer gets it and does the work a second time.
          RabbitMQ: processed 7 = 2
            Another consumer gets it and does the work a second time.
          try: Let c1 commit just before it crashes, and see which orders nobody works on now.
            5.25 s commit c1; done at 5.27 s
          try: Start c1 again within six seconds of its crash.
            7.00 s restart c1; done at 7.00 s
        brokerscope:
        typo.toml:52:1:
        rabbitmq.consumers[0]:
        unknown key 'prefetch_cuont'; the nearest is 'prefetch_count'
        brokerscope:
        1 of 2 files is wrong
    "#]]
    .assert_eq(&format!("{out}{wrong}"));
}

#[test]
fn a_run_prints_its_trace_and_its_ledger() {
    let (success, out, wrong) = run("run scenarios/crash-before-commit.toml", b"");
    assert_eq!((success, &*wrong), (true, ""), "it succeeds");
    let trace = include_str!("../../../scenarios/crash-before-commit.trace");
    let ledger = out.strip_prefix(trace).expect("the trace is the golden one");
    expect![[r#"

        messages after 20.00 s
                                       Kafka: billing  RabbitMQ: orders
        sent                                       20                20
        acknowledged to the producer               20                20
        processed once                             19                19
        processed twice                             1                 1
        not processed yet                           0                 0
        still in the broker                        20                 0
        out of order within their key               0                 1

        trace 282c017dbc47c9fe, seed 1
    "#]]
    .assert_eq(ledger);
    check(
        "run too-many-consumers --until 620ms --seed 5",
        "",
        expect![[r#"
                0.20 s  rabbitmq  shop published 1 to the default exchange
                0.30 s  rabbitmq  c1 consumes from orders with prefetch 1
                0.30 s  rabbitmq  c2 consumes from orders with prefetch 1
                0.30 s  rabbitmq  c3 consumes from orders with prefetch 1
                0.30 s  rabbitmq  c4 consumes from orders with prefetch 1
                0.50 s  rabbitmq  the default exchange routed 1 to orders
                0.50 s  rabbitmq  1 is ready in orders
                0.50 s  rabbitmq  orders delivered 1 to c1 as delivery 1
                0.60 s  kafka     shop sent 1 to orders-0
                0.60 s  kafka     c1 asks to join billing
                0.60 s  kafka     c2 asks to join billing
                0.60 s  kafka     c3 asks to join billing
                0.60 s  kafka     c4 asks to join billing

            messages after 0.62 s
                                          Kafka: billing  RabbitMQ: orders
            sent                                       1                 1
            acknowledged to the producer               0                 0
            processed once                             0                 0
            processed twice                            0                 0
            not processed yet                          1                 1
            still in the broker                        0                 1
            not processed: on the way                  1                 0
            not processed: waiting                     0                 1
            not settled                                1                 1

            trace 26ffc1a12a38de4f, seed 5
        "#]],
    );
}

#[test]
fn own_rows_are_sent_instead_and_the_run_ends_with_them() {
    let rows = "id,n\nanna,1\n,2\nben,3\n";
    let (success, out, wrong) =
        run("run retained-or-removed --keys - --column id", rows.as_bytes());
    assert_eq!((success, &*wrong), (true, ""), "it succeeds");
    let ledger = &out[out.find("\nmessages after").expect("there is a ledger")..];
    expect![[r#"

        messages after 11.96 s
                                      Kafka: billing  Kafka: audit  RabbitMQ: orders
        sent                                       3             3                 3
        acknowledged to the producer               3             3                 3
        processed once                             3             3                 3
        processed twice                            0             0                 0
        not processed yet                          0             0                 0
        still in the broker                        3             3                 0

        trace 74c791f6ab97d080, seed 1
    "#]]
    .assert_eq(ledger);
}

#[test]
fn a_picture_goes_to_a_file_or_to_standard_output() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("picture.svg");
    let asked = "render crash-before-commit --at 5.5s --theme dark --width 900";
    check(&format!("{asked} -o {}", path.display()), "", expect![""]);
    let written = std::fs::read_to_string(path).expect("it was written");
    let (_, printed, _) = run(asked, b"");
    assert_eq!(written, printed, "the same picture");
    assert!(written.starts_with("<svg "), "it is SVG");
    assert!(written.contains("width=\"900\""), "of the width that was asked for");
    let (_, light, _) = run("render crash-before-commit --at 5.5s --width 900", b"");
    assert_ne!(light, printed, "in other colours");
}

/// Whoever reads may stop reading.
#[test]
fn a_closed_pipe_is_no_mistake() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut child = Command::new(env!("CARGO_BIN_EXE_brokerscope"))
        .args(["run", "crash-before-commit", "--json"])
        .current_dir(root)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built for this test");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "nothing is wrong");
    assert!(output.status.success(), "nothing is wrong");
}

#[test]
fn equal_seeds_give_equal_runs() {
    let whole = |seed| run(&format!("run crash-before-commit --json --seed {seed}"), b"").1;
    assert_eq!(whole(3), whole(3), "to the last byte");
    assert_ne!(whole(3), whole(4), "and other seeds other runs");
}

/// The decisive instant of a lesson: its name, the act, the instant.
const STILLS: &[(&str, u8, &str)] = &[
    ("bookmarks-not-acks", 1, "7.65s"),
    ("crash-before-commit", 1, "5.6s"),
    ("commit-before-work", 1, "6.6s"),
    ("where-offsets-live", 1, "9s"),
    ("topic-and-partitions", 2, "11.5s"),
    ("one-consumer-or-a-group", 1, "9.8s"),
    ("two-groups", 2, "10.9s"),
    ("rebalance", 1, "6.75s"),
    ("what-keeps-order", 2, "6.7s"),
    ("avoid-duplicates", 4, "8s"),
    ("do-not-lose", 1, "8s"),
    ("retry", 2, "4.2s"),
    ("dead-letters", 1, "11.8s"),
    ("retention", 1, "9.8s"),
    ("replay", 1, "11.2s"),
    ("slow-consumer", 3, "5.4s"),
    ("numbers-that-mislead", 1, "8.5s"),
];

/// The pictures beside the lessons, one of them the README's, are what the command draws today.
#[test]
fn the_stills_are_fresh() {
    for (lesson, act, at) in STILLS {
        for theme in ["light", "dark"] {
            let arguments = format!("render {lesson} --act {act} --at {at} --theme {theme}");
            let (success, drawn, wrong) = run(&arguments, b"");
            assert_eq!((success, &*wrong), (true, ""), "it succeeds");
            let stills = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/stills");
            expect_file![format!("{stills}/{lesson}-{theme}.svg")].assert_eq(&drawn);
        }
    }
}

#[test]
fn kafkas_own_tools_tell_the_end_of_a_log_without_records() {
    let line = "kafka-get-offsets --topic orders";
    let words = ["console", "crash-before-commit", "--at", "1ms", line];
    let (success, out, wrong) = run_words(&words, b"");
    assert_eq!((success, &*out, &*wrong), (true, "orders:0:0\norders:1:0\n", ""));
}

#[test]
fn kafkas_own_tools_tell_of_one_instant_of_a_scenario() {
    let tool = |line: &str| {
        let words = ["console", "crash-before-commit", "--at", "4s", line];
        let (success, out, wrong) = run_words(&words, b"");
        folded(&format!("{success}\n{out}{wrong}"))
    };
    expect![[r#"
        true

        GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE            \
            #MEMBERS
        billing         127.0.0.1:19091  (1)      range                Stable           \
            2
    "#]]
    .assert_eq(&tool("kafka-consumer-groups --describe --group billing --state"));
    expect![[r#"
        true
        orders:0:6
        orders:1:6
    "#]]
    .assert_eq(&tool("kafka-get-offsets.sh --topic orders"));
    expect![[r#"
        true
        Topic 'nothing' does not exist as expected
    "#]]
    .assert_eq(&tool("kafka-topics --describe --topic nothing"));
    expect![[r#"
        false
        brokerscope: --topik is not a recognized option here
    "#]]
    .assert_eq(&tool("kafka-topics --describe --topik orders"));
    expect![[r#"
        false
        brokerscope: 'kafka-acls' is not a tool here; there are kafka-consumer-groups, k\
        afka-topics and kafka-get-offsets
    "#]]
    .assert_eq(&tool("kafka-acls --list"));
    expect![[r#"
        false
        brokerscope: a quote in it is not closed
    "#]]
    .assert_eq(&tool("kafka-topics '--list"));
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
