//! Counting tests by what their runners say.

/// How many passed and how many failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u32,
    /// Tests that failed, were cancelled, or were skipped under Node, where we skip nothing.
    pub(crate) failed: u32,
}

impl Tally {
    /// One check that passed or failed as a whole.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u32::from(passed), failed: u32::from(!passed) }
    }

    /// Adds what `other` counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Adds what a line of cargo's test runner counts, if it counts anything.
    pub(crate) fn read_cargo(&mut self, line: &str) {
        let Some(rest) = line.trim().strip_prefix("test result: ") else { return };
        let counts = rest.split_once(". ").map_or("", |(_, counts)| counts);
        for part in counts.split("; ") {
            match part.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// Adds what a line of Node's test runner (its spec reporter) counts, if it counts anything.
    pub(crate) fn read_node(&mut self, line: &str) {
        let Some(rest) = line.trim().strip_prefix("ℹ ") else { return };
        match rest.split_once(' ') {
            Some(("pass", number)) => self.passed += number.parse().unwrap_or(0),
            Some(("fail" | "cancelled" | "skipped" | "todo", number)) => {
                self.failed += number.parse().unwrap_or(0);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_lines_add_up() {
        let mut tally = Tally::default();
        tally.read_cargo("running 3 tests");
        tally.read_cargo("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered");
        tally.read_cargo("test result: FAILED. 5 passed; 2 failed; 0 ignored; finished in 0.01s");
        assert_eq!(tally, Tally { passed: 8, failed: 2 }, "both result lines are counted");
    }

    #[test]
    fn a_skipped_node_test_is_no_pass() {
        let mut tally = Tally::default();
        for line in ["ℹ tests 6", "ℹ pass 4", "ℹ fail 1", "ℹ cancelled 0", "ℹ skipped 1"]
        {
            tally.read_node(line);
        }
        assert_eq!(tally, Tally { passed: 4, failed: 2 }, "the skipped test counts as failed");
    }
}
