//! Which words a job may hand to its command: versions, and flags that only say how much
//! is measured. A worker builds and runs what the versions name, so a job is for those
//! who may decide that; a file of the worker's machine is no version for anybody.

use store::JobKind;

const MOST_WORDS: usize = 50;
const MOST_WORD_CHARS: usize = 200;

/// Flags with a value.
const VALUED: &[&str] = &[
    "--suite",
    "--benchmark",
    "--arm",
    "--metric",
    "--blocks",
    "--rounds",
    "--pairs",
    "--budget",
    "--seed",
    "--release",
    "--version",
    "--baseline",
    "--candidate",
];
/// Flags without.
const PLAIN: &[&str] = &["--quick", "--full", "--only-same"];

/// Refuses words that a job may not hand on.
///
/// # Errors
/// Names the word, and what may be given.
pub fn check(kind: JobKind, arguments: &[String]) -> Result<(), String> {
    if arguments.len() > MOST_WORDS {
        return Err(format!(
            "arguments: {} words, at most {MOST_WORDS} are taken",
            arguments.len()
        ));
    }
    let mut words = arguments.iter();
    let mut versions = 0;
    while let Some(word) = words.next() {
        is_word(word)?;
        if PLAIN.contains(&word.as_str()) {
            continue;
        }
        if VALUED.contains(&word.as_str()) {
            let value = words.next().ok_or_else(|| format!("arguments: {word} lacks its value"))?;
            is_word(value)?;
            if value.starts_with('-') {
                return Err(format!("arguments: {word} {value}: a value must not begin with `-`"));
            }
            continue;
        }
        if word.starts_with('-') {
            let known = [VALUED, PLAIN].concat().join(", ");
            return Err(format!("arguments: {word} is not for jobs; there are {known}"));
        }
        versions += 1;
    }
    let (fewest, most, what) = match kind {
        JobKind::Run => (0, MOST_WORDS, "any number of versions"),
        JobKind::Compare => (2, 2, "two versions"),
        JobKind::Gate => (0, 0, "its versions as --baseline and --candidate"),
        JobKind::Backfill => (2, 2, "a target and a range"),
        JobKind::Bisect => (2, 2, "a good and a bad version"),
        JobKind::Calibrate => (0, 0, "its version as --version"),
    };
    let lacks = |flag: &&str| !arguments.iter().any(|word| word == flag);
    if let (JobKind::Gate, Some(flag)) =
        (kind, ["--baseline", "--candidate"].into_iter().find(lacks))
    {
        return Err(format!("arguments: gate needs {flag}"));
    }
    if (fewest..=most).contains(&versions) {
        return Ok(());
    }
    Err(format!("arguments: {} takes {what}, there are {versions}", kind.word()))
}

fn is_word(word: &str) -> Result<(), String> {
    let is_plain = |c: char| !c.is_control();
    if !(1..=MOST_WORD_CHARS).contains(&word.len()) || !word.chars().all(is_plain) {
        let what = format!("1 to {MOST_WORD_CHARS} bytes and no control characters");
        return Err(format!("arguments: each word needs {what}"));
    }
    if word.contains("path:") {
        return Err(format!("arguments: {word}: a job cannot name a file of the worker"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_and_harmless_flags_reach_a_command() {
        let check = |kind, words: &[&str], expected: Result<(), &str>| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(
                super::check(kind, &words),
                expected.map_err(|text| format!("arguments: {text}"))
            );
        };
        check(JobKind::Compare, &["v1", "v2", "--suite", "size", "--quick"], Ok(()));
        check(JobKind::Run, &[], Ok(()));
        check(JobKind::Gate, &["--baseline", "v1", "--candidate", "v2"], Ok(()));
        check(JobKind::Gate, &["--baseline", "v1"], Err("gate needs --candidate"));
        check(JobKind::Compare, &["v1"], Err("compare takes two versions, there are 1"));
        check(
            JobKind::Run,
            &["--db", "/etc/passwd"],
            Err(
                "--db is not for jobs; there are --suite, --benchmark, --arm, --metric, --blocks, --rounds, \
                --pairs, --budget, --seed, --release, --version, --baseline, --candidate, --quick, --full, \
                --only-same",
            ),
        );
        check(
            JobKind::Run,
            &["--suite", "--db"],
            Err("--suite --db: a value must not begin with `-`"),
        );
        check(
            JobKind::Run,
            &["host@path:/bin/sh"],
            Err("host@path:/bin/sh: a job cannot name a file of the worker"),
        );
        check(JobKind::Run, &["--suite"], Err("--suite lacks its value"));
        check(
            JobKind::Run,
            &["a\nb"],
            Err("each word needs 1 to 200 bytes and no control characters"),
        );
    }
}
