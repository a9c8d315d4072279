//! What somebody may have meant by a word that nobody knows. It must not decide anything.

/// The known word that is nearest to `word`, if one is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |other: &&str| strsim::damerau_levenshtein(word, other);
    let limit = (word.chars().count() / 3).max(1);
    known.into_iter().min_by_key(distance).filter(|other| distance(other) <= limit)
}

/// Of what serde says of an unknown field or value: the problem, and the word that is near.
/// `key` is the field whose value it is.
pub(crate) fn of_unknown(said: &str, key: Option<&str>) -> Option<(String, String)> {
    let rest = said.strip_prefix("unknown ")?;
    let (kind, rest) = rest.split_once(" `")?;
    let (word, rest) = rest.split_once("`, expected ")?;
    let kind = match (kind, key) {
        ("variant", Some(key)) => key,
        (kind, _) => kind,
    };
    let near = nearest(word, rest.split('`').skip(1).step_by(2))?;
    Some((format!("unknown {kind} `{word}`"), format!("did you mean `{near}`?")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_others_are_not() {
        let known = ["http-latency", "http-throughput", "budget_s"];
        assert_eq!(nearest("htpp-latency", known), Some("http-latency"));
        assert_eq!(nearest("budget", known), Some("budget_s"));
        assert_eq!(nearest("speed", known), None);
        let said = "unknown variant `htpp`, expected one of `ftp`, `http`";
        let told = |problem: &str, remedy: &str| Some((problem.to_owned(), remedy.to_owned()));
        assert_eq!(
            of_unknown(said, Some("driver")),
            told("unknown driver `htpp`", "did you mean `http`?")
        );
        assert_eq!(of_unknown("unknown field `x`, expected `yard`", None), None);
        assert_eq!(of_unknown("missing field `x`", None), None);
    }
}
