//! Whatever is read, it is understood or refused; it never stops the program.

use brokerscope_scenario::input::{Format, Reader};
use brokerscope_scenario::{LESSONS, Scenario};
use proptest::prelude::*;

fn formats() -> [Format; 3] {
    let (column, field) = ("id".to_owned(), "id".to_owned());
    [Format::Lines, Format::Csv { column }, Format::JsonLines { field }]
}

/// A lesson as TOML or JSON.
fn lesson(place: usize, json: bool) -> String {
    let lesson = LESSONS[place % LESSONS.len()];
    if json {
        return lesson.json.to_owned();
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    std::fs::read_to_string(folder.join(format!("{}.toml", lesson.name))).expect("it is there")
}

/// Texts that are likely to mean something in a scenario or in data.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\\PC\n]{0,8}",
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "[[",
            "]]",
            "\"",
            "'",
            "\"\"\"",
            ",",
            ":",
            "=",
            "\n",
            "\r\n",
            "#",
            "0",
            "-1",
            "9223372036854775808",
            "1e999",
            "nan",
            "true",
            "null",
            "\\u0000",
            "\\ud800",
            "1s",
            "0s",
            "9007199254740992us",
            " to ",
            "kafka",
            "workload",
            "\u{feff}",
            "id",
            "messages = 1000000\n",
            "every = \"0s\"\n",
            "{\"id\":",
            "\"id\"\n",
        ])
        .prop_map(str::to_owned),
    ]
}

/// `text` with a few pieces cut out and words put in.
fn mutate(text: &str, cuts: &[(prop::sample::Index, usize, String)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (place, length, word) in cuts {
        let at = place.index(chars.len() + 1);
        let end = (at + length).min(chars.len());
        chars.splice(at..end, word.chars());
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_never_panic(text in "\\PC*") {
        let _ = Scenario::from_toml("any", &text);
        let _ = Scenario::from_json("any", &text);
    }

    #[test]
    fn changed_lessons_never_panic(
        place in 0_usize..8,
        json: bool,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, word()), 1..6),
    ) {
        let text = mutate(&lesson(place, json), &cuts);
        let read = if json { Scenario::from_json } else { Scenario::from_toml };
        if let Err(wrong) = read("changed", &text) {
            let told = wrong.to_string();
            prop_assert!(!told.is_empty(), "a refusal says why");
            prop_assert!(!told.contains('\n'), "in one line: {}", told);
        }
    }

    #[test]
    fn bytes_never_panic_and_slices_make_no_difference(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(word(), 0..40).prop_map(|words| words.concat().into_bytes()),
        ],
        size in 1_usize..20,
    ) {
        for format in formats() {
            let read = |size: usize| {
                let mut reader = Reader::new(format.clone());
                for slice in bytes.chunks(size) {
                    reader.push(slice)?;
                }
                reader.finish()
            };
            prop_assert_eq!(read(size), read(bytes.len().max(1)));
        }
    }
}
