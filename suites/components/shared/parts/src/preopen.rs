//! Which preopened directory a path is in. It must not open anything.

/// The directory, out of those a host offers, that holds an absolute path, and the path within it.
/// The longest name wins; names and paths are taken as they are, without resolving `..`.
pub fn find<'p, D>(directories: &[(D, String)], path: &'p str) -> Option<(usize, &'p str)> {
    let inside = |(index, (_, name)): (usize, &(D, String))| {
        let name = name.trim_end_matches('/');
        let rest = path.strip_prefix(name)?.strip_prefix('/')?;
        Some((name.len(), index, rest))
    };
    let (_, index, rest) = directories.iter().enumerate().filter_map(inside).max()?;
    Some((index, rest))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_longest_directory_on_segment_boundaries_wins() {
        let directories = ["/data", "/data/deep", "/"].map(|name| ((), name.to_owned()));
        for (path, expected) in [
            ("/data/a", Some((0, "a"))),
            ("/data/deep/a/b", Some((1, "a/b"))),
            ("/data/deeper", Some((0, "deeper"))),
            ("/database", Some((2, "database"))),
            ("relative", None),
        ] {
            assert_eq!(find(&directories, path), expected, "{path}");
        }
        assert_eq!(find(&directories[..2], "/database"), None);
    }
}
