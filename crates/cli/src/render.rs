//! `brokerscope render`: both systems at one instant, as SVG.

use crate::args::Render;
use crate::story::scenario;
use crate::trouble::Trouble;
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_scenario::Run;
use brokerscope_stage::{Options, Palette, Scene, cells_that_fit, picture, svg};
use std::fs;
use std::io::Write;

/// Draws one instant of a scenario.
pub(crate) fn render(wanted: &Render, out: &mut impl Write) -> Result<(), Trouble> {
    let mut run = Run::new(scenario(&wanted.scenario, wanted.act, wanted.seed)?);
    run.seek(wanted.at);
    let cells = cells_that_fit(wanted.width);
    let options = Options { width_px: wanted.width, ..Options::default() };
    let drawn = picture(&Scene {
        kafka: &kafka::snapshot::snapshot(run.kafka(), cells),
        rabbitmq: &rabbitmq::snapshot::snapshot(run.rabbitmq(), cells),
        rabbitmq_config: &run.scenario().rabbitmq,
        workload: &run.scenario().workload,
        now: run.now(),
        options: &options,
    });
    let palette = if wanted.theme == "dark" { Palette::DARK } else { Palette::LIGHT };
    let text = svg::write(&drawn, &palette, &run.scenario().title, &drawn.label);
    match &wanted.output {
        Some(file) => fs::write(file, text)
            .map_err(|wrong| Trouble::Write { file: file.display().to_string(), wrong })?,
        None => out.write_all(text.as_bytes())?,
    }
    Ok(())
}
