//! Pictures of moments made by hand.

mod made;

use brokerscope_stage::Palette;
use std::fs;
use std::path::Path;

/// Writes every moment in both palettes and several widths, for eyes, into cargo's folder for
/// what tests leave behind; and reads each as XML.
#[test]
fn every_moment_becomes_a_well_formed_svg() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for moment in made::all() {
        for (theme, palette) in [("light", Palette::LIGHT), ("dark", Palette::DARK)] {
            for width in [296, 700, 920, 1248, 1500] {
                let text = moment.svg(width, &palette);
                let path = folder.join(format!("{}-{width}-{theme}.svg", moment.name));
                fs::write(path, &text).expect("the folder can be written to");
                let read = roxmltree::Document::parse(&text);
                assert!(read.is_ok(), "{} at {width}: {read:?}", moment.name);
            }
        }
    }
}
