//! The four verdicts, and which way a metric is better.
//!
//! Only words live here: the rule that picks one is in [`crate::compare`].

/// Which way a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Better {
    /// Less is better: seconds, bytes, instructions.
    Lower,
    /// More is better: requests per second.
    Higher,
}

/// What a comparison of two versions says of the second one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Surely worse.
    Regressed,
    /// Surely better.
    Improved,
    /// Surely within the margin that matters.
    Equivalent,
    /// None of the others could be shown.
    Inconclusive,
}

impl Verdict {
    /// The word used in the CLI, the database, the API and the pages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Regressed => "regressed",
            Self::Improved => "improved",
            Self::Equivalent => "equivalent",
            Self::Inconclusive => "inconclusive",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn words_are_the_glossary_s() {
        let words = [
            (Verdict::Regressed, "regressed"),
            (Verdict::Improved, "improved"),
            (Verdict::Equivalent, "equivalent"),
            (Verdict::Inconclusive, "inconclusive"),
        ];
        for (verdict, word) in words {
            assert_eq!(verdict.word(), word);
        }
    }
}
