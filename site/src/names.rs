//! Where pages lie. Names come from suites, targets and uploads, so nothing
//! of a name may reach a path unless it is known to be harmless.

use crate::series::LineKey;
use model::{Digest, Metric, RunId};

/// How often the method is wrong.
pub(crate) const CALIBRATION: &str = "calibration.json";

const MAX_PLAIN_CHARS: usize = 60;

/// A file name for `name`: the name itself when it is plain (lower-case
/// letters, digits, inner hyphens), else what is left of it, an underscore and
/// part of its digest. Plain names hold no underscore, so the two kinds cannot
/// meet, and only lower case is used, so nothing depends on the file system.
pub(crate) fn slug(name: &str) -> String {
    let plain = !name.is_empty()
        && name.len() <= MAX_PLAIN_CHARS
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if plain {
        return name.to_owned();
    }
    let kept: String = name
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
        .chars()
        .take(MAX_PLAIN_CHARS)
        .collect();
    let digest = Digest::of(name).to_string();
    format!("{kept}_{}", &digest[..24])
}

/// The page of a suite, from the site's root.
pub(crate) fn suite_page(suite: &str) -> String {
    format!("suite/{}.html", slug(suite))
}

/// The page of a run, from the site's root.
pub(crate) fn run_page(run: &RunId) -> String {
    format!("run/{run}.html")
}

/// The page of the run of that name, from the site's root.
pub(crate) fn run_page_of(run: &str) -> String {
    format!("run/{run}.html")
}

/// The blocks of a run as JSON, from the site's root.
pub(crate) fn run_data(run: &str) -> String {
    format!("run/{run}.json")
}

/// A prepared comparison of two versions, from the site's root.
pub(crate) fn compare_page(a: &str, b: &str) -> String {
    format!("compare/{}--{}.html", slug(&a.replace('@', "-")), slug(&b.replace('@', "-")))
}

/// A badge of an arm beside a peer, from the site's root.
pub(crate) fn badge(suite: &str, benchmark: &str, arm: &str, peer: &str) -> String {
    let arm = arm.replace(['=', ','], "-");
    let name = [benchmark, arm.as_str(), peer].map(slug).join(".");
    format!("badge/{}/{name}.svg", slug(suite))
}

/// The numbers of one chart, from the site's root.
pub(crate) fn chart_file(suite: &str, benchmark: &str, metric: &str, kind: &str) -> String {
    format!("data/{}/{}.{metric}.{kind}", slug(suite), slug(benchmark))
}

/// The page of a series, from the site's root.
pub(crate) fn series_page(suite: &str, line: &LineKey, metric: &Metric) -> String {
    series_file(suite, line, metric, "html")
}

/// A file of a series, from the site's root.
pub(crate) fn series_file(suite: &str, line: &LineKey, metric: &Metric, kind: &str) -> String {
    let LineKey { benchmark, target, arm } = line;
    let line = if arm == "default" { target.clone() } else { format!("{target} {arm}") };
    format!("series/{}/{}/{}.{}.{kind}", slug(suite), slug(benchmark), slug(&line), metric.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn plain_names_stay_and_the_others_become_harmless() {
        for plain in ["http-invoke", "size", "p2", "9"] {
            assert_eq!(slug(plain), plain);
        }
        let long = "x".repeat(100);
        let hostile = [
            "",
            "-",
            ".",
            "..",
            "../../etc/passwd",
            "a/b",
            "a b",
            "a_b",
            "A",
            "a",
            "é",
            "<script>",
            "CON",
            "a\\b",
            "a%2fb",
            "a?b#c",
            "-a",
            "a-",
            &long,
            "a-b",
        ];
        let slugs: BTreeSet<String> = hostile.iter().map(|name| slug(name)).collect();
        assert_eq!(slugs.len(), hostile.len(), "two names share a file: {slugs:?}");
        for slug in slugs {
            let harmless = |b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
            assert!(slug.len() <= 90 && slug.bytes().all(harmless), "{slug}");
        }
    }

    #[test]
    fn a_name_cannot_pose_as_the_slug_of_another() {
        let taken = slug("a b");
        assert_ne!(slug(&taken), taken);
    }
}
