//! What reading is answered from: the runs folded into series, what people wrote, and
//! what follows from both. A new generation begins when a run comes in. It must not
//! read the store; `refresh` does.

use crate::problem::Problem;
use compare::{Index, Terms};
use model::Digest;
use site::{Inputs, Live, LiveChange, LiveRun, LiveVersion, RunEntry, SeriesName};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// One state of everything that can be read.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Rises with every change.
    pub(crate) generation: u64,
    /// What people wrote.
    pub(crate) inputs: Option<Arc<Inputs>>,
    pub(crate) live: Live,
    /// Every series, in order.
    pub(crate) series: Vec<SeriesName>,
    /// Positions of series, by their short names.
    pub(crate) ids: HashMap<String, usize>,
    pub(crate) versions: Vec<LiveVersion>,
    /// Every run, newest first.
    pub(crate) entries: Vec<RunEntry>,
    pub(crate) index: Index,
    pub(crate) terms: Option<Arc<Terms>>,
    /// Every change of level; found when it is first asked for.
    changes: OnceLock<Result<Arc<Vec<LiveChange>>, String>>,
}

impl Snapshot {
    /// The next state, with these runs as well. Whoever reads goes on with this one.
    pub(crate) fn next(
        &self,
        runs: Vec<LiveRun>,
        inputs: Arc<Inputs>,
        entries: Vec<RunEntry>,
    ) -> Self {
        let mut live = self.live.clone();
        live.add(runs);
        let series = live.series();
        Self {
            generation: self.generation + 1,
            ids: series.iter().enumerate().map(|(at, name)| (id(name), at)).collect(),
            series,
            versions: live.versions(&inputs),
            index: live.index(&inputs, &entries),
            terms: Some(Arc::new(site::terms_of(&inputs))),
            live,
            inputs: Some(inputs),
            entries,
            changes: OnceLock::new(),
        }
    }

    /// What people wrote.
    pub(crate) fn inputs(&self) -> Result<&Arc<Inputs>, Problem> {
        self.inputs.as_ref().ok_or_else(Problem::starting)
    }

    /// Every change of level. It takes a while when it is first asked for.
    pub(crate) fn changes(&self) -> Result<Arc<Vec<LiveChange>>, Problem> {
        let inputs = self.inputs()?;
        let find = || match self.live.changes(inputs) {
            Ok(changes) => Ok(Arc::new(changes)),
            Err(error) => Err(crate::problem::chain(&error)),
        };
        match self.changes.get_or_init(find) {
            Ok(changes) => Ok(Arc::clone(changes)),
            Err(text) => Err(Problem::internal(&std::io::Error::other(text.clone()))),
        }
    }

    /// A series by its short name.
    pub(crate) fn named(&self, id: &str) -> Option<&SeriesName> {
        self.series.get(*self.ids.get(id)?)
    }
}

/// A short name of a series, the same wherever it is measured.
pub(crate) fn id(name: &SeriesName) -> String {
    let SeriesName { suite, benchmark, target, arm, metric } = name;
    let digest = Digest::of([suite, benchmark, target, arm, *metric].join("\0"));
    digest.to_string()[..16].to_owned()
}
