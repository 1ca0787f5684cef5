//! Packs the lessons for the page: they are read and checked here, where the reader of scenario
//! files costs nobody a download.

use brokerscope_scenario::{LESSONS, Scenario};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    // The lessons themselves are part of this program.
    println!("cargo::rerun-if-changed=build.rs");
    let mut code = "&[\n".to_owned();
    for lesson in LESSONS {
        let scenario = lesson.scenario();
        let packed = scenario.pack();
        let same = Scenario::unpack(&packed) == Some(scenario);
        assert!(same, "'{}' is unpacked as it was packed", lesson.name);
        let (name, title, packed) = (lesson.name, lesson.title, packed.escape_ascii());
        writeln!(code, "Lesson {{ name: {name:?}, title: {title:?}, packed: b\"{packed}\" }},")
            .expect("a string takes what is written");
    }
    code.push(']');
    let out = env::var_os("OUT_DIR").expect("cargo says where");
    fs::write(Path::new(&out).join("lessons.rs"), code).expect("cargo's folder can be written");
}
