//! How people name several versions of a target: `host@v1..v2`, `host@v1..`,
//! `host@v1..v2%8`, `serve@44..48`. Only the grammar lives here; which versions
//! those are is for the runner to find out.

use crate::version::{Declared, ReleaseSpec, TargetVersion, VersionError, VersionSpec};
use semver::Version;
use std::fmt;

/// One version, or those of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// One.
    One(TargetVersion),
    /// Several.
    Range(TargetRange),
}

/// A target and a range of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRange {
    /// Name of a declared target.
    pub target: String,
    /// Which versions.
    pub range: VersionRange,
    /// How many of them, evenly spaced and with both ends; absent: all.
    pub count: Option<usize>,
}

/// Which versions, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionRange {
    /// Commits from one to another.
    Commits {
        /// The older end.
        first: String,
        /// The newer end.
        last: String,
    },
    /// Releases from one to another.
    Releases {
        /// The older end: one to three numbers.
        first: Vec<u64>,
        /// The newer end; absent: the newest there is.
        last: Option<Vec<u64>>,
    },
}

impl Versions {
    /// Reads `text`. Without a newer end a range goes up to what is newest: `HEAD`
    /// of commits, the last release. Releases are taken as finely as the older end is written:
    /// `44..48` is the newest of each major version, `48.0..48.2` of each minor
    /// one, `48.0.1..48.0.8` is every release.
    ///
    /// # Errors
    /// When the older end is missing, or one cannot be one, or as [`TargetVersion::parse`].
    pub fn parse(
        text: &str,
        declared: &[Declared<'_>],
        default: &str,
    ) -> Result<Self, VersionError> {
        let is_path = text.starts_with("path:") || text.contains("@path:");
        let Some((first, last)) = text.split_once("..").filter(|_| !is_path) else {
            return TargetVersion::parse(text, declared, default).map(Self::One);
        };
        let wrong = |problem| VersionError::Range { text: text.to_owned(), problem };
        let (target, first) = match first.split_once('@') {
            Some((target, first)) if !first.starts_with('{') => (target, first),
            _ => (default, first),
        };
        // Finds out whether there is such a target.
        let whole = TargetVersion::parse(target, declared, default)?;
        let known = declared.iter().find(|it| it.name == whole.target && it.name == target);
        let Some(known) = known else {
            return Err(VersionError::unknown_target(target, declared));
        };
        let (last, count) = match last.rsplit_once('%') {
            None => (last, None),
            Some((last, count)) => match count.parse::<usize>() {
                Ok(count) if count >= 2 => (last, Some(count)),
                _ => return Err(wrong("after % stands how many versions, 2 or more")),
            },
        };
        if first.is_empty() {
            return Err(wrong("it needs an older end"));
        }
        if last.starts_with('.') {
            return Err(wrong("two dots stand between its ends"));
        }
        if last.contains("..") {
            return Err(wrong("it has two ends"));
        }
        let range = if known.is_crate {
            let end = "an end is one to three numbers, e.g. 44 or 44.0.1";
            VersionRange::Releases {
                first: numbers(first).ok_or_else(|| wrong(end))?,
                last: match last {
                    "" | "latest" => None,
                    _ => Some(numbers(last).ok_or_else(|| wrong(end))?),
                },
            }
        } else {
            let last = if last.is_empty() { "HEAD" } else { last };
            VersionRange::Commits { first: first.to_owned(), last: last.to_owned() }
        };
        Ok(Self::Range(TargetRange { target: target.to_owned(), range, count }))
    }
}

impl TargetRange {
    /// Its older and its newer end, each as one version.
    pub fn ends(&self) -> [TargetVersion; 2] {
        let both = match &self.range {
            VersionRange::Commits { first, last } => {
                [first, last].map(|end| VersionSpec::GitRef(end.clone()))
            }
            VersionRange::Releases { first, last } => {
                let newer = last.as_deref().map_or(ReleaseSpec::Newest, release);
                [release(first), newer].map(VersionSpec::Release)
            }
        };
        both.map(|version| TargetVersion { target: self.target.clone(), version })
    }

    /// Chooses as many as asked for, evenly spaced, of all versions in a row.
    pub fn thin<T>(&self, all: Vec<T>) -> Vec<T> {
        let (length, Some(count)) = (all.len(), self.count) else { return all };
        if count >= length {
            return all;
        }
        // Rounded, so that both ends are among them: count is at least 2.
        let chosen: Vec<usize> =
            (0..count).map(|i| (i * (length - 1) * 2 + count - 1) / (2 * (count - 1))).collect();
        let all = all.into_iter().enumerate();
        all.filter(|(index, _)| chosen.contains(index)).map(|(_, one)| one).collect()
    }
}

/// The newest release that begins with these numbers, or the one that is they.
fn release(numbers: &[u64]) -> ReleaseSpec {
    match numbers.len() {
        3 => ReleaseSpec::Exactly(dotted(numbers)),
        _ => ReleaseSpec::NewestOf(dotted(numbers)),
    }
}

/// `48.0` as numbers.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let numbers: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| (1..=3).contains(&numbers.len()))?;
    // Leading zeros, signs and the like.
    let mut whole = numbers.clone();
    whole.resize(3, 0);
    let again: Vec<String> = numbers.iter().map(u64::to_string).collect();
    (again.join(".") == text && Version::parse(&dotted(&whole)).is_ok()).then_some(numbers)
}

fn dotted(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

impl fmt::Display for TargetRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.range {
            VersionRange::Commits { first, last } => write!(f, "{}@{first}..{last}", self.target)?,
            VersionRange::Releases { first, last } => {
                let last = last.as_ref().map_or("latest".to_owned(), |last| dotted(last));
                write!(f, "{}@{}..{last}", self.target, dotted(first))?;
            }
        }
        self.count.map_or(Ok(()), |count| write!(f, "%{count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TARGETS: [Declared<'_>; 2] =
        [Declared { name: "host", is_crate: false }, Declared { name: "serve", is_crate: true }];

    #[test]
    fn every_form_is_understood() {
        let check = |text: &str, expected: &str| {
            let read = match Versions::parse(text, &TARGETS, "host") {
                Ok(Versions::Range(range)) => format!("{range} {:?}", range.range),
                Ok(Versions::One(one)) => format!("one {one}"),
                Err(error) => error.to_string(),
            };
            assert_eq!(read, expected, "{text}");
        };
        check("v1..v2", r#"host@v1..v2 Commits { first: "v1", last: "v2" }"#);
        check("host@v1..v2%8", r#"host@v1..v2%8 Commits { first: "v1", last: "v2" }"#);
        check(
            "HEAD@{1}..main",
            r#"host@HEAD@{1}..main Commits { first: "HEAD@{1}", last: "main" }"#,
        );
        check("serve@44..48", "serve@44..48 Releases { first: [44], last: Some([48]) }");
        check("serve@44.0..latest", "serve@44.0..latest Releases { first: [44, 0], last: None }");
        check("serve@48", "one serve@48");
        check("v1", "one host@v1");
        check("path:../a", "one host@path:../a");
        let range = "is not a range of versions";
        check("v1..", r#"host@v1..HEAD Commits { first: "v1", last: "HEAD" }"#);
        check("host@v1..%3", r#"host@v1..HEAD%3 Commits { first: "v1", last: "HEAD" }"#);
        check("serve@44..", "serve@44..latest Releases { first: [44], last: None }");
        for text in ["..v2", "host@..v2", "serve@..48"] {
            check(text, &format!("`{text}` {range}: it needs an older end"));
        }
        check("v1...v2", &format!("`v1...v2` {range}: two dots stand between its ends"));
        check("v1..v2..v3", &format!("`v1..v2..v3` {range}: it has two ends"));
        check(
            "v1..v2%1",
            &format!("`v1..v2%1` {range}: after % stands how many versions, 2 or more"),
        );
        for text in ["serve@44..x", "serve@v44..48", "serve@1.2.3.4..5", "serve@044..48"] {
            let end = "an end is one to three numbers, e.g. 44 or 44.0.1";
            check(text, &format!("`{text}` {range}: {end}"));
        }
        check("hots@1..2", "there is no target `hots`; bench.toml declares host, serve");
    }

    #[test]
    fn a_range_is_the_two_versions_at_its_ends() {
        for (text, expected) in [
            ("v1..v2", "host@v1 host@v2"),
            ("HEAD~3..", "host@HEAD~3 host@HEAD"),
            ("serve@44..48.0.8", "serve@44 serve@48.0.8"),
            ("serve@44..", "serve@44 serve"),
        ] {
            let Ok(Versions::Range(range)) = Versions::parse(text, &TARGETS, "host") else {
                panic!("{text} is no range");
            };
            assert_eq!(range.ends().map(|end| end.to_string()).join(" "), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn thinning_keeps_both_ends_and_the_number(length in 1_usize..400, count in 2_usize..60) {
            let range = VersionRange::Commits { first: "a".into(), last: "b".into() };
            let range = TargetRange { target: "host".into(), range, count: Some(count) };
            let chosen = range.thin((0..length).collect());
            prop_assert_eq!(chosen.len(), count.min(length));
            prop_assert_eq!((chosen[0], chosen[chosen.len() - 1]), (0, length - 1));
            let gaps: Vec<usize> = chosen.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let (least, most) = (gaps.iter().min(), gaps.iter().max());
            prop_assert!(least.zip(most).is_none_or(|(least, most)| most - least <= 1));
        }

        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC{0,30}") {
            let _ = Versions::parse(&text, &TARGETS, "host");
        }
    }
}
