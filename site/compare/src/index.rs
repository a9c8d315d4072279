//! Which runs measured which versions, and by which of them two are compared.

use serde::{Deserialize, Serialize};

/// The versions there are, and the runs that measured them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Versions, newest first.
    pub versions: Vec<Measured>,
    /// Complete runs, newest first.
    pub runs: Vec<RunEntry>,
}

/// A version that was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// `target@label`.
    pub name: String,
    /// What people call it besides: the tag of a release, the subject of a commit.
    pub title: String,
    /// The day of the commit, or of the first measurement.
    pub day: String,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    /// Its name.
    pub id: String,
    /// The name of what it stood on.
    pub epoch: String,
    /// Few blocks: an indication only.
    pub quick: bool,
    /// Positions in [`Index::versions`].
    pub versions: Vec<usize>,
}

impl Index {
    /// The runs to compare A and B by: the newest that measured both, side by side;
    /// else the newest of each on one testbed; else the newest of each, which will
    /// be refused. Quick runs come last.
    ///
    /// # Errors
    /// When no run measured one of them.
    pub fn choose(&self, a: &str, b: &str) -> Result<(&str, &str), String> {
        let runs_of = |name: &str| {
            let at = self.versions.iter().position(|version| version.name == name);
            let at = at.ok_or_else(|| format!("no run measured {name}"))?;
            let mut runs: Vec<&RunEntry> =
                self.runs.iter().filter(|run| run.versions.contains(&at)).collect();
            runs.sort_by_key(|run| run.quick);
            if runs.is_empty() { Err(format!("no run measured {name}")) } else { Ok(runs) }
        };
        let (of_a, of_b) = (runs_of(a)?, runs_of(b)?);
        let both = of_a.iter().find(|run| of_b.iter().any(|it| it.id == run.id));
        if let Some(both) = both {
            return Ok((&both.id, &both.id));
        }
        for a in &of_a {
            if let Some(b) = of_b.iter().find(|b| b.epoch == a.epoch && b.quick == a.quick) {
                return Ok((&a.id, &b.id));
            }
        }
        Ok((&of_a[0].id, &of_b[0].id))
    }
}
