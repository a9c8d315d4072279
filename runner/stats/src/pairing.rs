//! Which pairs of blocks a comparison is made from, and whether it may make a
//! verdict at all. Numbers play no part: it is decided by what is known of how
//! they were measured.
//!
//! A pair whose load generator was starved, or in which the machine was disturbed,
//! is left out: that is the doing of neither version, and as likely with one as
//! with the other, so the other pairs are as good as ever. A generator that was the limit measured itself, and what
//! was defined anew between the two blocks is another benchmark: both forbid a
//! verdict, as does measuring what is noisy at different times.

use crate::compare::Repeatability;

/// What is known of how a pair was measured; of either block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caveats {
    /// The two blocks measured what is defined differently.
    pub redefined: bool,
    /// The load generator was the limit.
    pub generator_bound: bool,
    /// The load generator waited for a CPU.
    pub generator_starved: bool,
    /// Something else used the machine.
    pub disturbed: bool,
}

/// Why pairs make no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forbidden {
    /// The benchmark changed between the two sides.
    Redefined,
    /// The load generator was the limit in some pair.
    GeneratorBound,
    /// No pair was measured in peace, and the load generator was starved in one.
    GeneratorStarved,
    /// The machine was disturbed in every pair.
    Disturbed,
    /// What is noisy was measured at different times.
    Apart,
}

/// The pairs to use, by position, and what forbids them a verdict. If only
/// starved and disturbed ones are left, they are shown, and decide nothing.
#[must_use]
pub fn usable(pairs: &[Caveats]) -> (Vec<usize>, Option<Forbidden>) {
    let any = |is: fn(&Caveats) -> bool| pairs.iter().any(is);
    let mut forbidden = None;
    if any(|pair| pair.redefined) {
        forbidden = Some(Forbidden::Redefined);
    } else if any(|pair| pair.generator_bound) {
        forbidden = Some(Forbidden::GeneratorBound);
    }
    let (void, rest): (Vec<usize>, Vec<usize>) = (0..pairs.len())
        .partition(|&index| pairs[index].generator_starved || pairs[index].disturbed);
    if let (true, Some(&first)) = (rest.is_empty(), void.first()) {
        let why = match pairs[first].generator_starved {
            true => Forbidden::GeneratorStarved,
            false => Forbidden::Disturbed,
        };
        return (void, forbidden.or(Some(why)));
    }
    (rest, forbidden)
}

/// Whether sides that are no neighbours forbid a verdict: where values vary, how
/// fast the machine was at either time is part of the difference.
#[must_use]
pub fn apart(neighbours: bool, repeatability: Repeatability) -> Option<Forbidden> {
    (!neighbours && repeatability == Repeatability::Noisy).then_some(Forbidden::Apart)
}

impl Forbidden {
    /// The word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Redefined => "redefined",
            Self::GeneratorBound => "generator-bound",
            Self::GeneratorStarved => "generator-starved",
            Self::Disturbed => "disturbed",
            Self::Apart => "apart",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_of_the_versions_decides_nothing() {
        let [fine, bound, starved, redefined, disturbed] = [
            Caveats::default(),
            Caveats { generator_bound: true, ..Caveats::default() },
            Caveats { generator_starved: true, ..Caveats::default() },
            Caveats { redefined: true, ..Caveats::default() },
            Caveats { disturbed: true, ..Caveats::default() },
        ];
        let rows: [(&[Caveats], &[usize], Option<Forbidden>); 9] = [
            (&[], &[], None),
            (&[fine, fine], &[0, 1], None),
            (&[fine, starved, fine], &[0, 2], None),
            (&[starved, starved], &[0, 1], Some(Forbidden::GeneratorStarved)),
            (&[disturbed, fine], &[1], None),
            (&[disturbed, starved], &[0, 1], Some(Forbidden::Disturbed)),
            (&[fine, bound], &[0, 1], Some(Forbidden::GeneratorBound)),
            (&[bound, starved, redefined], &[0, 2], Some(Forbidden::Redefined)),
            (
                &[Caveats { generator_starved: true, ..bound }],
                &[0],
                Some(Forbidden::GeneratorBound),
            ),
        ];
        for (pairs, used, forbidden) in rows {
            assert_eq!(usable(pairs), (used.to_vec(), forbidden), "{pairs:?}");
        }
        assert_eq!(apart(true, Repeatability::Noisy), None);
        assert_eq!(apart(false, Repeatability::Noisy), Some(Forbidden::Apart));
        assert_eq!(apart(false, Repeatability::Deterministic), None);
    }
}
