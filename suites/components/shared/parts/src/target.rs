//! A request's target: `/path?key=value&...`. It must not decode anything: no guest needs it.

/// The path, without the query.
pub fn path(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

/// A number out of the query, or what it is when not given; the error is for the client.
pub fn number(target: &str, key: &str, otherwise: u64) -> Result<u64, String> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    match pairs.into_iter().find(|(name, _)| *name == key) {
        None => Ok(otherwise),
        Some((_, value)) => value
            .parse()
            .map_err(|_| format!("query {key}={value}: expected a whole number, as in {key}=5")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_whole_name() {
        for (target, expected) in [
            ("/", Some(5)),
            ("/?ms=7", Some(7)),
            ("/a?xms=1&ms=7&ms=8", Some(7)),
            ("/?ms", Some(5)),
            ("/?ms=", None),
            ("/?ms=-1", None),
        ] {
            assert_eq!(number(target, "ms", 5).ok(), expected, "{target}");
        }
        assert_eq!((path("/a/b?c=/d?"), path("/a")), ("/a/b", "/a"));
    }
}
