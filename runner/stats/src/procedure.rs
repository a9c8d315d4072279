//! A whole comparison: many series, looked at several times, each measured no
//! further once it is decided.
//!
//! # The rule
//!
//! At a look every undecided series is judged by [`crate::compare`] from the
//! pairs of the rounds so far. Its level is the share of the chance of a false
//! alarm that is its own by Holm's rule, `alpha` over the
//! series that are not yet known to have changed, of which the look may spend
//! what the boundary of Lan & DeMets allows. A series that is regressed
//! or improved hands its part on to the others, which are then asked again. A
//! decision stands, whatever is measured later.
//!
//! # Why that holds
//!
//! Until the first false alarm only series that did change have handed on their
//! part. So each of the m series without a change was judged at levels that add
//! up to at most `alpha / m` over the looks, because more `alpha` raises the
//! level of every look; and m such chances add up to `alpha`. How series depend
//! on each other plays no part, nor which of them are measured on.
//!
//! The looks must not depend on the series' own values. The rounds until a time
//! budget ends do depend on *other* series, which free time when they are
//! decided; that is harmless where their noise is independent, as that of
//! different blocks is taken to be. A simulation test holds it to 5 %.
//!
//! The same holds where a regression up to some size is tolerated: only what is
//! surely beyond hands its part on.
//!
//! "Equivalent" hands on nothing: it has not shown a change.
//!
//! Sources: Holm 1979; Lan & DeMets 1983, and 1989 for shares of time in place
//! of shares of pairs; Maurer & Bretz 2013, "Multiple testing in group
//! sequential trials using graphical approaches", for both together.

use crate::Interval;
use crate::compare::{self, Comparison, MIN_PAIRS_TO_DECIDE, Options, Repeatability, repeats};
use crate::error::{Error, require_at_least, require_same_length};
use crate::interval::{MAX_CONFIDENCE, MIN_CONFIDENCE};
use crate::sequential::spent_by;
use crate::verdict::{Better, Verdict};

/// A series of the comparison: pairs of block summaries, as in [`compare::paired`].
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The round of each pair, ascending.
    pub rounds: Vec<u32>,
    /// Version A's.
    pub a: Vec<f64>,
    /// Version B's.
    pub b: Vec<f64>,
    /// Which way is better.
    pub better: Better,
    /// The effect that does not matter yet, as in [`Options`].
    pub margin: f64,
    /// Whether one pair may decide.
    pub repeatability: Repeatability,
    /// If given, another question is asked: whether B is worse by more than this
    /// fraction. Regressed is then surely, equivalent surely not; there is no
    /// improved, and the margin plays no part.
    pub tolerated: Option<f64>,
    /// What the history says that pairs scatter by at least, as
    /// [`crate::history::noise_of_pairs`] tells it; 0 without one.
    pub least_noise: f64,
}

/// A moment at which verdicts are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Rounds that are over; later ones are not seen.
    pub rounds: u32,
    /// The share of the whole (of rounds, or of a time budget) that is used up,
    /// above 0 and at most 1; 1 at the last look.
    pub share: f64,
}

/// Shares of the whole after which is looked, apart from the end. Every look
/// costs the others a part of what may be spent on false alarms, so they are few.
pub const DUE: [f64; 2] = [0.5, 0.75];

/// The looks at a comparison of which so many rounds are over, without the one at
/// its end; `share` tells how much of the whole is used up after some of them.
pub fn looks_so_far(rounds: u32, share: impl Fn(u32) -> f64) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::new();
    for rounds in MIN_PAIRS_TO_DECIDE as u32..=rounds {
        let share = share(rounds);
        let due = DUE.get(looks.len()).is_some_and(|due| share >= *due);
        // A clock that was set back gives no time to spend.
        let goes_on = looks.last().is_none_or(|last| share > last.share);
        if due && goes_on && share < 1.0 {
            looks.push(Look { rounds, share });
        }
    }
    looks
}

/// What was decided of a series, or how far it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The comparison that decided, or that of the last look. An error is about
    /// this series' values, e.g. a zero among them.
    pub comparison: Result<Comparison, Error>,
    /// Confidence of its interval.
    pub confidence: f64,
    /// Rounds that were over when it was decided; absent if it is not.
    pub decided_after: Option<u32>,
}

/// Follows a comparison through its looks; the answer is in the order given.
/// `alpha` is the chance of a false alarm about any of the series.
///
/// No interval has more confidence than [`MAX_CONFIDENCE`], so with more than
/// about 30,000 series the last look is a little bold.
///
/// # Errors
///
/// No looks, or looks that do not ascend or are out of range; sides of unequal
/// length; an `alpha` that is not from `1 - MAX_CONFIDENCE` to one half.
pub fn follow(series: &[Series], looks: &[Look], alpha: f64) -> Result<Vec<Standing>, Error> {
    require_looks(looks, alpha)?;
    for series in series {
        require_same_length(&series.a, &series.b)?;
        require_at_least(series.a.len(), series.rounds.len())?;
    }
    let noisy = series.iter().filter(|series| series.is_noisy()).count();
    let mut standings: Vec<Option<Standing>> = vec![None; series.len()];
    let (mut changed, mut before) = (0, 0.0);
    for (index, look) in looks.iter().enumerate() {
        let is_last = index + 1 == looks.len();
        loop {
            let own = alpha / noisy.saturating_sub(changed).max(1) as f64;
            let level = spent_by(own, look.share) - spent_by(own, before);
            let confidence = 1.0 - level.max(0.0);
            // No interval reaches what this look may spend: nothing to be seen yet.
            let in_vain = confidence > MAX_CONFIDENCE && look.share < 1.0;
            if in_vain && !is_last {
                break;
            }
            let mut newly_changed = 0;
            for (series, standing) in series.iter().zip(&mut standings) {
                if standing.as_ref().is_some_and(|standing| standing.decided_after.is_some()) {
                    continue;
                }
                let mut now = series.judged(*look, confidence.min(MAX_CONFIDENCE));
                if in_vain {
                    now.withdraw();
                }
                newly_changed += usize::from(series.is_noisy() && now.has_changed());
                *standing = Some(now);
            }
            if newly_changed == 0 {
                break;
            }
            changed += newly_changed;
        }
        before = look.share;
    }
    Ok(standings.into_iter().flatten().collect())
}

impl Series {
    /// A metric that should repeat exactly and does not is noisy too.
    fn is_noisy(&self) -> bool {
        self.repeatability == Repeatability::Noisy || !(repeats(&self.a) && repeats(&self.b))
    }

    fn judged(&self, look: Look, confidence: f64) -> Standing {
        let seen = self.rounds.partition_point(|&round| round < look.rounds).min(self.a.len());
        let Self { better, margin, repeatability, .. } = *self;
        let options = Options { better, margin, confidence, repeatability };
        let (a, b) = (&self.a[..seen], &self.b[..seen]);
        let least_error = self.least_noise / (seen.max(1) as f64).sqrt();
        let comparison = match self.tolerated {
            None => compare::paired_above(a, b, least_error, &options),
            Some(tolerated) => beyond(a, b, tolerated, least_error, &options),
        };
        let decided = comparison.is_ok_and(|it| it.verdict != Verdict::Inconclusive);
        Standing { comparison, confidence, decided_after: decided.then_some(look.rounds) }
    }
}

/// Compares B with what A may become, and tells the ratio to A itself.
fn beyond(
    a: &[f64],
    b: &[f64],
    tolerated: f64,
    least_error: f64,
    options: &Options,
) -> Result<Comparison, Error> {
    compare::require_margin(tolerated)?;
    let allowed = match options.better {
        Better::Lower => 1.0 + tolerated,
        Better::Higher => 1.0 / (1.0 + tolerated),
    };
    let b: Vec<f64> = b.iter().map(|b| b / allowed).collect();
    let compared = compare::paired_above(a, &b, least_error, &Options { margin: 0.0, ..*options })?;
    let back = |ratio: f64| compare::within_range(ratio * allowed);
    Ok(Comparison {
        ratio: back(compared.ratio),
        interval: compared.interval.map(|interval| Interval {
            low: back(interval.low),
            high: back(interval.high),
            ..interval
        }),
        verdict: match compared.verdict {
            Verdict::Improved => Verdict::Equivalent,
            other => other,
        },
        ..compared
    })
}

impl Standing {
    fn withdraw(&mut self) {
        self.decided_after = None;
        if let Ok(comparison) = &mut self.comparison {
            comparison.verdict = Verdict::Inconclusive;
            comparison.undecided.get_or_insert(compare::Undecided::TooWide);
        }
    }

    fn has_changed(&self) -> bool {
        let verdict = self.comparison.map(|comparison| comparison.verdict);
        matches!(verdict, Ok(Verdict::Regressed | Verdict::Improved))
    }
}

fn require_looks(looks: &[Look], alpha: f64) -> Result<(), Error> {
    require_at_least(1, looks.len())?;
    if !(1.0 - MAX_CONFIDENCE..=1.0 - MIN_CONFIDENCE).contains(&alpha) {
        let allowed = "from 0.000001 to 0.5";
        return Err(Error::BadParameter { what: "alpha", value: alpha, allowed });
    }
    let mut before = Look { rounds: 0, share: 0.0 };
    for &look in looks {
        let ascends = look.share > before.share && look.rounds >= before.rounds;
        if !(ascends && look.share <= 1.0) {
            let allowed = "ascending, above 0 and at most 1";
            return Err(Error::BadParameter { what: "share", value: look.share, allowed });
        }
        before = look;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Look = Look { rounds: 12, share: 1.0 };

    fn series(ratio: f64, spread: f64, pairs: u32) -> Series {
        let wobble = |i: u32| f64::from(i * 7 % 5) - 2.0;
        Series {
            rounds: (0..pairs).collect(),
            a: vec![100.0; pairs as usize],
            b: (0..pairs).map(|i| 100.0 * ratio * (spread * wobble(i)).exp()).collect(),
            better: Better::Lower,
            margin: 0.01,
            repeatability: Repeatability::Noisy,
            tolerated: None,
            least_noise: 0.0,
        }
    }

    #[test]
    fn what_is_sure_is_decided_early_and_stays() {
        let mut turns = series(1.5, 0.001, 12);
        turns.b[7..].fill(50.0);
        let all = [turns, series(1.0, 0.0001, 12), series(1.02, 0.05, 12)];
        let looks = [Look { rounds: 6, share: 0.5 }, LAST];
        let got = follow(&all, &looks, 0.05).unwrap();
        let verdict = |i: usize| got[i].comparison.unwrap().verdict;
        assert_eq!((verdict(0), got[0].decided_after), (Verdict::Regressed, Some(6)));
        assert_eq!((verdict(1), got[1].decided_after), (Verdict::Equivalent, Some(6)));
        assert_eq!((verdict(2), got[2].decided_after), (Verdict::Inconclusive, None));
        assert_eq!(got[2].comparison.unwrap().pairs, 12);
    }

    /// Alone this one is sure at 5 %, among four it is not, and beside three that
    /// surely changed it is again.
    #[test]
    fn what_has_changed_hands_its_part_on() {
        let sure = || series(1.5, 0.001, 12);
        let weak = || Series { margin: 0.0, ..series(1.013, 0.011, 12) };
        let noise = || series(1.0, 0.05, 12);
        let rows = [
            (vec![weak()], Verdict::Regressed),
            (vec![weak(), noise(), noise(), noise()], Verdict::Inconclusive),
            (vec![weak(), sure(), sure(), sure()], Verdict::Regressed),
        ];
        for (family, expected) in rows {
            let got = follow(&family, &[LAST], 0.05).unwrap();
            assert_eq!(got[0].comparison.unwrap().verdict, expected, "{got:?}");
        }
    }

    /// Bytes are no part of the family, and a series with a zero in it stands alone.
    #[test]
    fn what_is_exact_or_broken_disturbs_nobody() {
        let exact = Series {
            rounds: vec![0],
            a: vec![100.0],
            b: vec![101.0],
            margin: 0.0,
            repeatability: Repeatability::Deterministic,
            ..series(1.0, 0.0, 1)
        };
        let mut broken = series(1.0, 0.01, 12);
        broken.a[3] = 0.0;
        let got = follow(&[exact, broken, series(1.0, 0.0, 0)], &[LAST], 0.05).unwrap();
        assert_eq!(got[0].comparison.unwrap().verdict, Verdict::Regressed);
        assert!(got[1].comparison.is_err() && got[2].comparison.is_err());
        assert_eq!(follow(&[], &[LAST], 0.05).unwrap(), []);
    }

    #[test]
    fn what_is_tolerated_is_no_regression() {
        let asked = |ratio: f64, spread, tolerated, better| {
            let series = Series { tolerated: Some(tolerated), better, ..series(ratio, spread, 12) };
            let got = follow(&[series], &[LAST], 0.05).unwrap().remove(0).comparison.unwrap();
            let interval = got.interval.unwrap();
            assert!(interval.low <= got.ratio && got.ratio <= interval.high, "{got:?}");
            assert!((got.ratio / ratio - 1.0).abs() < 0.01, "{got:?}");
            got.verdict
        };
        use Better::{Higher, Lower};
        use Verdict::{Equivalent, Inconclusive, Regressed};
        for (ratio, spread, tolerated, better, expected) in [
            (1.03, 0.001, 0.05, Lower, Equivalent),
            (1.08, 0.001, 0.05, Lower, Regressed),
            (1.05, 0.02, 0.05, Lower, Inconclusive),
            (0.5, 0.001, 0.05, Lower, Equivalent),
            (0.97, 0.001, 0.05, Higher, Equivalent),
            (0.93, 0.001, 0.05, Higher, Regressed),
            (1.5, 0.001, 0.05, Higher, Equivalent),
            // Six steps of 0.8 %, each of which passes.
            (1.008f64.powi(6), 0.001, 0.02, Lower, Regressed),
        ] {
            assert_eq!(asked(ratio, spread, tolerated, better), expected, "{ratio} {tolerated}");
        }
    }

    /// Twelve pairs that happen to agree are no surer than the history.
    #[test]
    fn no_comparison_is_surer_than_its_history() {
        let lucky = |least_noise| Series { least_noise, margin: 0.0, ..series(1.01, 0.001, 12) };
        for (least_noise, tolerated, expected) in [
            (0.0, None, Verdict::Regressed),
            (0.01, None, Verdict::Regressed),
            (0.03, None, Verdict::Inconclusive),
            (0.0, Some(0.005), Verdict::Regressed),
            (0.03, Some(0.005), Verdict::Inconclusive),
        ] {
            let series = Series { tolerated, ..lucky(least_noise) };
            let got = follow(&[series], &[LAST], 0.05).unwrap()[0].comparison.unwrap();
            assert_eq!(got.verdict, expected, "{least_noise} {tolerated:?}");
        }
        let broken = Series { least_noise: f64::NAN, ..series(1.0, 0.01, 12) };
        assert!(follow(&[broken], &[LAST], 0.05).unwrap()[0].comparison.is_err());
    }

    #[test]
    fn looks_that_make_no_sense_are_refused() {
        let look = |rounds, share| Look { rounds, share };
        for looks in [
            &[] as &[Look],
            &[look(6, 0.5), look(12, 0.5)],
            &[look(6, 0.5), look(5, 1.0)],
            &[look(6, 1.1)],
            &[look(6, f64::NAN)],
        ] {
            assert!(follow(&[], looks, 0.05).is_err(), "{looks:?}");
        }
        assert!(follow(&[], &[LAST], f64::NAN).is_err());
        let uneven = Series { b: vec![1.0], ..series(1.0, 0.01, 12) };
        assert!(follow(&[uneven], &[LAST], 0.05).is_err());
    }
}
