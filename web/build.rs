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
        let (name, title, group) = (lesson.name, lesson.title, lesson.group);
        write!(code, "Lesson {{ name: {name:?}, title: {title:?}, group: {group:?}, acts: &[")
            .expect("a string takes what is written");
        for scenario in lesson.scenarios() {
            let (act, packed) = (scenario.act.title.clone(), scenario.pack());
            let same = Scenario::unpack(&packed) == Some(scenario);
            assert!(same, "'{name}' is unpacked as it was packed");
            let packed = packed.escape_ascii();
            write!(code, "Act {{ title: {act:?}, packed: b\"{packed}\" }}, ")
                .expect("a string takes what is written");
        }
        code.push_str("] },\n");
    }
    code.push(']');
    let out = env::var_os("OUT_DIR").expect("cargo says where");
    fs::write(Path::new(&out).join("lessons.rs"), code).expect("cargo's folder can be written");
}
