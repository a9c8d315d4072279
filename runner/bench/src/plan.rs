//! Which blocks, in which order. Pure: the same request and seed give the
//! same plan, which is how an interrupted run goes on.

use model::Suite;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// How versions follow one another within a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interleaving {
    /// Versions in turn, their order drawn anew for every arm and round.
    Shuffled,
    /// The first so many as neighbours, in an order drawn anew for every arm and
    /// round: whatever returns in step with a fixed order would look like a
    /// difference.
    Together(usize),
}

/// One block to measure: positions in the lists of suites, arms and subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) suite: usize,
    pub(crate) arm: usize,
    pub(crate) subject: usize,
    pub(crate) round: u32,
    /// Whether the version can do it; if not, that alone is recorded.
    pub(crate) supported: bool,
}

/// What a version has to do with an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nothing: nobody would ask.
    None,
    /// It should be measured and cannot.
    Unsupported,
    /// It is measured.
    Measured,
}

/// What a plan is made from.
pub(crate) struct Request<'a> {
    pub(crate) suites: &'a [Suite],
    /// How many versions are measured; the anchor is among them.
    pub(crate) subjects: usize,
    /// Whether only quick arms are measured.
    pub(crate) quick: bool,
    pub(crate) blocks: u32,
    pub(crate) seed: u64,
    pub(crate) interleaving: Interleaving,
}

/// Lays out the blocks: in every round each benchmark comes once, in an order
/// drawn anew; all blocks of a benchmark's arm in a round are adjacent, so
/// that they and the anchor see the same machine.
pub(crate) fn plan(
    request: &Request<'_>,
    part: impl Fn(usize, usize, usize) -> Part,
) -> Vec<Entry> {
    let mut rng = ChaCha8Rng::seed_from_u64(request.seed);
    let mut groups = groups(request);
    let mut entries = Vec::new();
    for round in 0..request.blocks {
        groups.shuffle(&mut rng);
        for (suite, arms) in &mut groups {
            arms.shuffle(&mut rng);
            for arm in arms.iter().copied() {
                let exact = request.suites[*suite].arms[arm].noise == model::NoiseClass::Exact;
                for subject in order(request, &mut rng) {
                    let supported = match part(*suite, arm, subject) {
                        Part::None => continue,
                        Part::Unsupported => false,
                        Part::Measured => true,
                    };
                    // What repeats exactly is measured once, and what is not
                    // supported is said once.
                    if round == 0 || (supported && !exact) {
                        entries.push(Entry { suite: *suite, arm, subject, round, supported });
                    }
                }
            }
        }
    }
    entries
}

/// The arms of each benchmark that the profile measures.
fn groups(request: &Request<'_>) -> Vec<(usize, Vec<usize>)> {
    let mut groups = Vec::new();
    for (index, suite) in request.suites.iter().enumerate() {
        for benchmark in suite.benchmarks() {
            let arms = suite.arms.iter().enumerate();
            let wanted =
                arms.filter(|(_, arm)| arm.benchmark == benchmark && (arm.quick || !request.quick));
            let arms: Vec<usize> = wanted.map(|(arm, _)| arm).collect();
            if !arms.is_empty() {
                groups.push((index, arms));
            }
        }
    }
    groups
}

fn order(request: &Request<'_>, rng: &mut impl Rng) -> Vec<usize> {
    let mut subjects: Vec<usize> = (0..request.subjects).collect();
    match request.interleaving {
        Interleaving::Shuffled => subjects.shuffle(rng),
        Interleaving::Together(compared) => {
            let compared = compared.min(subjects.len());
            subjects[..compared].shuffle(rng);
        }
    }
    subjects
}
