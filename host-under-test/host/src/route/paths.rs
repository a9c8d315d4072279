//! Path prefixes of one host: the longest one that ends where a segment ends
//! wins. A radix tree, so that a decision costs the length of the path and not
//! the number of prefixes.

use matchit::Router;

/// Prefixes and what they lead to.
#[derive(Debug)]
pub(super) struct Paths<T> {
    tree: Router<T>,
}

impl<T: Clone> Paths<T> {
    pub(super) fn new() -> Self {
        Self { tree: Router::new() }
    }

    /// Adds a prefix: `/`, or segments without a slash at the end. False if it
    /// is there already, or is none.
    pub(super) fn insert(&mut self, prefix: &str, leads_to: T) -> bool {
        let literal = prefix.trim_end_matches('/').replace('{', "{{").replace('}', "}}");
        let itself = if literal.is_empty() { None } else { Some(literal.clone()) };
        let below = [format!("{literal}/"), format!("{literal}/{{*rest}}")];
        itself
            .into_iter()
            .chain(below)
            .all(|route| self.tree.insert(route, leads_to.clone()).is_ok())
    }

    /// What the longest prefix of a path leads to.
    pub(super) fn find(&self, path: &str) -> Option<&T> {
        self.tree.at(path).ok().map(|found| found.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn longest<'a>(prefixes: &'a [String], path: &str) -> Option<&'a str> {
        let covers = |prefix: &str| {
            prefix == "/"
                || path.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        let found = prefixes.iter().filter(|prefix| covers(prefix));
        found.max_by_key(|prefix| prefix.len()).map(String::as_str)
    }

    fn prefix() -> impl Strategy<Value = String> {
        let segment = prop::sample::select(vec!["a", "ab", "b", "a{", "{x}", "*", "a-b", "é"]);
        prop::collection::vec(segment, 0..4).prop_map(|segments| {
            if segments.is_empty() { "/".to_owned() } else { format!("/{}", segments.join("/")) }
        })
    }

    proptest! {
        #[test]
        fn finds_what_a_search_through_all_finds(
            mut prefixes in prop::collection::vec(prefix(), 0..12),
            path in prefix(),
            tail in prop::sample::select(vec!["", "/", "x", "/x", "//", "?q"]),
        ) {
            prefixes.sort();
            prefixes.dedup();
            let mut paths = Paths::new();
            for prefix in &prefixes {
                prop_assert!(paths.insert(prefix, prefix.clone()), "{prefix}");
            }
            let path = format!("{path}{tail}");
            prop_assert_eq!(paths.find(&path).map(String::as_str), longest(&prefixes, &path), "{}", path);
        }
    }
}
