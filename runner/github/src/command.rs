//! What a comment may ask for: `/bench compare main [suite]`, on a line of its own.

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To compare the pull request with this.
    Compare {
        /// A branch, tag or commit.
        base: String,
        /// Only this suite.
        suite: Option<String>,
    },
}

/// What a comment asks for: nothing, a command, or words for who wrote it wrongly.
///
/// # Errors
/// When a line begins with `/bench` and is no command.
pub fn parse(comment: &str) -> Result<Option<Command>, String> {
    let lines = comment.lines().map(str::trim);
    let Some(line) = lines.into_iter().find(|line| first_word(line) == Some("/bench")) else {
        return Ok(None);
    };
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let usage = "write `/bench compare BASE [SUITE]`, e.g. `/bench compare main size`";
    match words.as_slice() {
        ["compare", base] => Ok(Some(Command::Compare { base: name(base)?, suite: None })),
        ["compare", base, suite] => {
            Ok(Some(Command::Compare { base: name(base)?, suite: Some(name(suite)?) }))
        }
        _ => Err(usage.to_owned()),
    }
}

fn first_word(line: &str) -> Option<&str> {
    line.split_whitespace().next()
}

/// A name that cannot be taken for anything else by what it is handed to.
fn name(word: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/*".contains(c);
    let is_name = word.len() <= 100 && word.starts_with(|c: char| c.is_ascii_alphanumeric());
    if is_name && word.chars().all(is_plain) && !word.contains("..") {
        return Ok(word.to_owned());
    }
    Err("names are letters, digits and `._-/`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_asks_for_a_comparison_or_for_nothing() {
        let compare = |base: &str, suite: Option<&str>| {
            Ok(Some(Command::Compare { base: base.to_owned(), suite: suite.map(str::to_owned) }))
        };
        let check = |comment: &str, expected: Result<Option<Command>, &str>| {
            assert_eq!(parse(comment), expected.map_err(str::to_owned), "{comment}");
        };
        let usage = "write `/bench compare BASE [SUITE]`, e.g. `/bench compare main size`";
        let names = "names are letters, digits and `._-/`";
        check("/bench compare main", compare("main", None));
        check(
            "Please:\r\n  /bench compare v1.2 http-invoke  \r\nThanks",
            compare("v1.2", Some("http-invoke")),
        );
        check("What does `/bench compare main` do?", Ok(None));
        check("/benchmark compare main", Ok(None));
        check("", Ok(None));
        check("/bench", Err(usage));
        check("/bench run main", Err(usage));
        check("/bench compare main a b", Err(usage));
        check("/bench compare --db", Err(names));
        check("/bench compare path:/bin/sh", Err(names));
        check("/bench compare ../x", Err(names));
        check("/bench compare $(id)", Err(names));
    }
}
