//! Says in the browser's own timing what the two halves of a frame cost.

use crate::browser::window;

const BEGIN: &str = "frame";
const SIMULATED: &str = "simulated";
const PAINTED: &str = "painted";

/// A frame begins: what was measured of the last one may go.
pub(crate) fn begin() {
    if let Some(clock) = window().performance() {
        clock.clear_marks();
        clock.clear_measures();
        drop(clock.mark(BEGIN));
    }
}

/// The simulation has done its half.
pub(crate) fn simulated() {
    half("simulate", BEGIN, SIMULATED);
}

/// The painter has done its half.
pub(crate) fn painted() {
    half("paint", SIMULATED, PAINTED);
}

fn half(name: &str, from: &str, to: &str) {
    if let Some(clock) = window().performance() {
        drop(clock.mark(to));
        drop(clock.measure_with_start_mark_and_end_mark(name, from, to));
    }
}
