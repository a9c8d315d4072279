//! What is told of a comparison or a gate, in GitHub's terms. It must not decide; the
//! verdict is handed in.

use std::fmt::Write as _;

/// How a check run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Green.
    Success,
    /// Red: a regression, or a release that may not go out.
    Failure,
    /// Grey: a comparison that is undecided or incomplete. GitHub lets it pass.
    Neutral,
    /// A gate that is undecided or incomplete. GitHub does not let it pass.
    Open,
}

impl Conclusion {
    /// Of the exit code of a comparison; `None` of one that did not end by itself.
    #[must_use]
    pub fn of_comparison(code: Option<i64>) -> Self {
        match code {
            Some(0) => Self::Success,
            Some(3 | 4) => Self::Neutral,
            Some(_) | None => Self::Failure,
        }
    }

    /// Of the exit code of a gate; `None` of one that did not end by itself.
    #[must_use]
    pub fn of_gate(code: Option<i64>) -> Self {
        match Self::of_comparison(code) {
            Self::Neutral => Self::Open,
            other => other,
        }
    }

    /// The word of check runs.
    #[must_use]
    pub fn check_word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral => "neutral",
            Self::Open => "action_required",
        }
    }

    /// The word of commit statuses, which know no neutral: undecided is not passed.
    #[must_use]
    pub fn status_word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure | Self::Neutral | Self::Open => "failure",
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The suite, for where an annotation stands.
    pub suite: String,
    /// The series.
    pub name: String,
    /// What was found.
    pub found: String,
    /// `regressed`, `improved`, `equivalent`, `inconclusive`; of a gate `failed`, `passed` ...
    pub verdict: String,
    /// Whether it is why the whole is red.
    pub is_bad: bool,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In a few words.
    pub title: String,
    /// The whole.
    pub conclusion: Conclusion,
    /// What is worth a line, the worst first.
    pub rows: Vec<Row>,
    /// Rows beside those.
    pub others: usize,
    /// Where more stands.
    pub link: Option<String>,
}

/// Lines of a table that people still read.
const MOST_ROWS: usize = 40;
/// GitHub takes 65,535 characters.
const MOST_BYTES: usize = 50_000;
const MOST_CELL_CHARS: usize = 300;

impl Report {
    /// As Markdown. Names come from suites and uploads: none can break out of its cell.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", plain(&self.title));
        if !self.rows.is_empty() {
            text.push_str("| | series | found |\n|---|---|---|\n");
        }
        let mut left = self.others + self.rows.len();
        for row in self.rows.iter().take(MOST_ROWS) {
            if text.len() > MOST_BYTES {
                break;
            }
            left -= 1;
            let Row { name, found, verdict, .. } = row;
            let mark = if row.is_bad { "**" } else { "" };
            let cells = [verdict, name, found].map(|cell| plain(cell));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {mark}{}{mark} | {} | {} |", cells[0], cells[1], cells[2]);
        }
        if left > 0 {
            let _ = writeln!(text, "\n{left} more.");
        }
        if let Some(link) = &self.link {
            let _ = writeln!(text, "\n[All numbers]({link})");
        }
        text
    }
}

/// Text without a meaning in Markdown or HTML.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(MOST_CELL_CHARS) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '\n' | '\r' => out.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_table_says_what_matters_and_nothing_can_break_out_of_it() {
        let row = |name: &str, is_bad| Row {
            suite: "size".to_owned(),
            name: name.to_owned(),
            found: "+5.0 % (4.1 to 5.9)".to_owned(),
            verdict: if is_bad { "regressed" } else { "improved" }.to_owned(),
            is_bad,
        };
        let report = Report {
            title: "host@3fa9c1e2 against main: regressed".to_owned(),
            conclusion: Conclusion::Failure,
            rows: vec![row("size/bytes", true), row("a | b\n<script>@maintainer [x](y)", false)],
            others: 12,
            link: Some("https://example.org/compare.html".to_owned()),
        };
        expect![[r#"
            ### host&#64;3fa9c1e2 against main: regressed

            | | series | found |
            |---|---|---|
            | **regressed** | size/bytes | +5.0 % (4.1 to 5.9) |
            | improved | a \| b &lt;script&gt;&#64;maintainer \[x\](y) | +5.0 % (4.1 to 5.9) |

            12 more.

            [All numbers](https://example.org/compare.html)
        "#]]
        .assert_eq(&report.markdown());
    }

    #[test]
    fn what_is_not_decided_is_not_passed() {
        let check = |code, compare, gate, status| {
            let (of_compare, of_gate) =
                (Conclusion::of_comparison(code), Conclusion::of_gate(code));
            assert_eq!((of_compare.check_word(), of_gate.check_word()), (compare, gate));
            assert_eq!((of_compare.status_word(), of_gate.status_word()), (status, status));
        };
        check(Some(0), "success", "success", "success");
        check(Some(1), "failure", "failure", "failure");
        check(Some(2), "failure", "failure", "failure");
        check(Some(3), "neutral", "action_required", "failure");
        check(Some(4), "neutral", "action_required", "failure");
        check(None, "failure", "failure", "failure");
    }

    #[test]
    fn what_github_takes_is_not_exceeded() {
        let row = Row {
            suite: "size".to_owned(),
            name: "<".repeat(100_000),
            found: "@".repeat(100_000),
            verdict: "regressed".to_owned(),
            is_bad: true,
        };
        let (title, rows) = ("x".to_owned(), vec![row; 1000]);
        let report = Report { title, conclusion: Conclusion::Failure, rows, others: 0, link: None };
        assert!(report.markdown().len() < 65_535);
        assert!(report.markdown().ends_with(" more.\n"));
    }
}
