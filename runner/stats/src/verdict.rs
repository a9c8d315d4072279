//! The four verdicts, what many of them come to, and which way a metric is better.
//!
//! The rule that picks one is in [`crate::compare`].

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
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Regressed, Self::Improved, Self::Equivalent, Self::Inconclusive];

    /// The verdict of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }

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

/// What a whole comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overall {
    /// Something is missing, and nothing is known to have regressed.
    Incomplete,
    /// Everything was measured.
    Decided(Verdict),
}

impl Overall {
    /// The worst that is known: one regression is enough, nothing may be missing
    /// for anything else, and what is open is no "improved".
    #[must_use]
    pub fn of(verdicts: &[Verdict], is_missing: bool) -> Self {
        let any = |verdict: Verdict| verdicts.contains(&verdict);
        if any(Verdict::Regressed) {
            return Self::Decided(Verdict::Regressed);
        }
        if is_missing {
            return Self::Incomplete;
        }
        let rest = [Verdict::Inconclusive, Verdict::Improved];
        Self::Decided(rest.into_iter().find(|it| any(*it)).unwrap_or(Verdict::Equivalent))
    }

    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Decided(verdict) => verdict.word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Overall, Verdict};

    #[test]
    fn the_worst_wins() {
        use Verdict::{Equivalent, Improved, Inconclusive, Regressed};
        for (verdicts, is_missing, expected) in [
            (&[Equivalent, Regressed, Improved] as &[Verdict], true, "regressed"),
            (&[Equivalent, Inconclusive, Improved], true, "incomplete"),
            (&[Equivalent, Inconclusive, Improved], false, "inconclusive"),
            (&[Equivalent, Improved], false, "improved"),
            (&[], false, "equivalent"),
        ] {
            assert_eq!(Overall::of(verdicts, is_missing).word(), expected, "{verdicts:?}");
        }
    }

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
