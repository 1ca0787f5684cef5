//! Topic exchanges: keys and patterns are words with dots between.

/// Whether a binding key matches a routing key. `*` is one word, also an empty one; `#` is any
/// number of words, also none; a star in a longer word is a letter.
///
/// Source: `rabbit_exchange_type_topic`; case `x-topic-matrix`.
#[must_use]
pub fn matches(pattern: &str, key: &str) -> bool {
    words_match(&words(pattern), &words(key))
}

/// The empty text has no words; otherwise every dot stands between two, which may be empty.
fn words(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split('.').collect() }
}

/// Goes through both at once. After a `#` it remembers where that began, and lets it take one word
/// more whenever what follows does not match: earlier ones need not be tried again.
fn words_match(pattern: &[&str], key: &[&str]) -> bool {
    let (mut p, mut k) = (0, 0);
    let mut last_hash = None;
    while k < key.len() {
        match pattern.get(p) {
            Some(&"#") => {
                last_hash = Some((p, k));
                p += 1;
            }
            Some(word) if *word == "*" || *word == key[k] => {
                p += 1;
                k += 1;
            }
            Some(_) | None => {
                let Some((hash, taken)) = last_hash else { return false };
                last_hash = Some((hash, taken + 1));
                p = hash + 1;
                k = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|it| *it == "#")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All texts of up to four words out of `of`.
    fn texts(of: &[&str]) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut longest: Vec<String> = of.iter().map(|it| (*it).to_owned()).collect();
        for _ in 0..4 {
            all.extend(longest.iter().cloned());
            longest = longest
                .iter()
                .flat_map(|it| of.iter().map(move |word| format!("{it}.{word}")))
                .collect();
        }
        all
    }

    /// By trying everything that `#` can stand for.
    fn by_force(pattern: &[&str], key: &[&str]) -> bool {
        match (pattern, key) {
            ([], rest) => rest.is_empty(),
            (["#", after @ ..], _) => (0..=key.len()).any(|taken| by_force(after, &key[taken..])),
            (_, []) => false,
            (["*", after @ ..], [_, rest @ ..]) => by_force(after, rest),
            ([word, after @ ..], [first, rest @ ..]) => word == first && by_force(after, rest),
        }
    }

    #[test]
    fn every_short_pattern_matches_what_it_should() {
        let (patterns, keys) = (texts(&["a", "b", "*", "#"]), texts(&["a", "b"]));
        let mut cases = 0;
        for pattern in patterns.iter().skip(1).filter(|it| it.matches('#').count() <= 1) {
            for key in keys.iter().skip(1) {
                let expected = by_force(&words(pattern), &words(key));
                assert_eq!(matches(pattern, key), expected, "'{pattern}' and '{key}'");
                cases += 1;
            }
        }
        assert_eq!(cases, 7_860, "all patterns against all keys");
    }

    #[test]
    fn several_hashes_and_empty_words_too() {
        for pattern in texts(&["a", "", "*", "#"]) {
            for key in texts(&["a", ""]) {
                let expected = by_force(&words(&pattern), &words(&key));
                assert_eq!(matches(&pattern, &key), expected, "'{pattern}' and '{key}'");
            }
        }
    }

    #[test]
    fn a_wildcard_is_a_whole_word_and_only_in_a_pattern() {
        assert!(matches("a#", "a#"));
        assert!(!matches("a#", "a.b"));
        assert!(matches("a.*", "a.#"));
        assert!(!matches("a", "A"));
    }
}
