//! What the address bar asks for, and what it is told.

use crate::words;
use brokerscope_core::sim::SimTime;

/// What stands behind the question mark, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// `scenario=`
    pub(crate) scenario: Option<String>,
    /// `act=`
    pub(crate) act: Option<String>,
    /// `at=`
    pub(crate) at: Option<String>,
    /// `theme=`
    pub(crate) theme: Option<String>,
}

/// What it asks for, as far as it can be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Which lesson, by its place in the list; the first if none is named or known.
    pub(crate) lesson: usize,
    /// Which act of it, from 0; the first if none is named or it is not there.
    pub(crate) act: usize,
    /// At which instant to stand still.
    pub(crate) at: Option<SimTime>,
    /// A sentence for each thing that cannot be had.
    pub(crate) problems: Vec<String>,
}

impl Query {
    /// Reads it, with the names of the lessons there are and how many acts each has.
    pub(crate) fn read(&self, lessons: &[&str], acts: impl Fn(usize) -> usize) -> Wanted {
        let mut wanted = Wanted::default();
        if let Some(name) = &self.scenario {
            match lessons.iter().position(|lesson| lesson == name) {
                Some(place) => wanted.lesson = place,
                None => wanted.problems.push(words::no_such_lesson(name, lessons)),
            }
        }
        if let Some(text) = &self.act {
            let acts = acts(wanted.lesson);
            match text.parse().unwrap_or(0) {
                act @ 1.. if act <= acts => wanted.act = act - 1,
                _ => wanted.problems.push(words::no_such_act(text, acts)),
            }
        }
        if let Some(text) = &self.at {
            match text.parse() {
                Ok(at) => wanted.at = Some(at),
                Err(_) => wanted.problems.push(words::no_such_instant(text)),
            }
        }
        if let Some(theme) = &self.theme
            && !["auto", "light", "dark"].contains(&theme.as_str())
        {
            wanted.problems.push(words::no_such_theme(theme));
        }
        wanted
    }

    /// The query of a page that shows an act of `lesson`, counted from 0, standing `at` an instant
    /// or playing. Names of lessons and themes need no escaping.
    pub(crate) fn of(lesson: &str, act: usize, at: Option<SimTime>, theme: Option<&str>) -> String {
        let mut query = format!("?scenario={lesson}");
        if 0 < act {
            query.push_str("&act=");
            query.push_str(&(act + 1).to_string());
        }
        if let Some(at) = at {
            query.push_str("&at=");
            query.push_str(&seconds(at));
            query.push('s');
        }
        if let Some(theme) = theme {
            query.push_str("&theme=");
            query.push_str(theme);
        }
        query
    }
}

/// An instant in seconds, with as many decimals as it needs: `14.2`, `5`, `0.000125`.
pub(crate) fn seconds(at: SimTime) -> String {
    let (whole, micros) = (at.0 / 1_000_000, at.0 % 1_000_000);
    if micros == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{micros:06}");
    text.trim_end_matches('0').to_owned()
}

/// An instant as the clock shows it, in hundredths of a second: `14.20`.
pub(crate) fn clock(at: SimTime) -> String {
    format!("{}.{:02}", at.0 / 1_000_000, at.0 % 1_000_000 / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LESSONS: [&str; 2] = ["retained-or-removed", "crash-before-commit"];

    fn query(scenario: &str, at: &str, theme: &str) -> Query {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Query { scenario: some(scenario), act: None, at: some(at), theme: some(theme) }
    }

    /// Two acts in the second lesson, none of its own in the first.
    fn read(query: &Query) -> Wanted {
        query.read(&LESSONS, |lesson| lesson + 1)
    }

    #[test]
    fn a_good_address_is_understood() {
        let wanted = read(&query("crash-before-commit", "14.2s", "dark"));
        let at = Some(SimTime(14_200_000));
        assert_eq!(wanted, Wanted { lesson: 1, act: 0, at, problems: Vec::new() });
        assert_eq!(read(&query("", "", "")), Wanted::default());
    }

    #[test]
    fn an_act_is_found_by_its_number_or_refused() {
        let act = |lesson: &str, act: &str| {
            read(&Query { act: Some(act.to_owned()), ..query(lesson, "", "") })
        };
        assert_eq!(act("crash-before-commit", "2").act, 1);
        for wrong in ["3", "0", "-1", "second", ""] {
            let wanted = act("crash-before-commit", wrong);
            assert_eq!((wanted.lesson, wanted.act), (1, 0), "the page stays usable");
            let [told] = wanted.problems.try_into().unwrap();
            assert!(told.contains(&format!("“{wrong}”")) && told.contains("1 to 2"), "{told}");
        }
        let told = act("retained-or-removed", "2").problems.remove(0);
        assert!(told.contains("one act"), "{told}");
    }

    #[test]
    fn each_wrong_part_gets_a_sentence_that_names_what_would_be_right() {
        let wanted = read(&query("crash", "soon", "pink"));
        assert_eq!((wanted.lesson, wanted.at), (0, None), "the page stays usable");
        let [lesson, at, theme] = wanted.problems.try_into().unwrap();
        assert!(lesson.contains("“crash”") && lesson.contains("crash-before-commit"), "{lesson}");
        assert!(at.contains("“soon”") && at.contains("14.2s"), "{at}");
        assert!(theme.contains("“pink”") && theme.contains("auto, light or dark"), "{theme}");
    }

    #[test]
    fn what_is_written_reads_back() {
        for us in [0, 125, 5_000_000, 14_200_000, 9_999_999] {
            let text = Query::of(LESSONS[1], 0, Some(SimTime(us)), None);
            let at = text.strip_prefix("?scenario=crash-before-commit&at=").unwrap();
            assert_eq!(read(&query("", at, "")).at, Some(SimTime(us)), "{text}");
        }
        assert_eq!(Query::of("a", 1, None, Some("dark")), "?scenario=a&act=2&theme=dark");
    }

    #[test]
    fn the_clock_shows_hundredths() {
        assert_eq!(clock(SimTime(14_209_999)), "14.20");
        assert_eq!(clock(SimTime(5_000)), "0.00");
    }
}
