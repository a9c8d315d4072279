//! SUITE/BENCHMARK[/ARM], and the versions that are looked at on it: as they are measured,
//! and once more with names for what the compiler put into other functions.

use crate::measure::{Bench, Observer, Subject};
use crate::output::note;
use crate::plan::Part;
use crate::project::Project;
use crate::session::{Session, with_anchor};
use crate::symbols;
use anyhow::{Context, Result, bail};
use model::{Arm, Program, Suite, TargetVersion};
use std::fmt;

/// One arm of one benchmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) arm: String,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { suite, benchmark, arm } = self;
        write!(f, "{suite}/{benchmark}/{arm}")
    }
}

/// Versions, built, and the arm they are looked at on.
pub(crate) struct Sides<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) series: Series,
    /// Each with line tables, in the order they were asked for. What was measured is in
    /// the session, in the same order.
    pub(crate) named: Vec<Subject>,
    /// How much of the code of any of them is that of the measured binary.
    pub(crate) likeness: f64,
}

impl<'a> Sides<'a> {
    /// Builds the versions.
    ///
    /// # Errors
    /// When there is no such series, when a version cannot be built or does not do what it
    /// asks for, or when it has no load to look at.
    pub(crate) fn prepare(
        project: &'a Project,
        versions: &[TargetVersion],
        text: &str,
    ) -> Result<Self> {
        let suite = suite(project, text)?;
        let is_anchors = |arm: &Arm| arm.processes.iter().any(|it| it.program == Program::Anchor);
        let all = match suite.arms.iter().any(is_anchors) {
            true => with_anchor(project, versions.to_vec()),
            false => versions.to_vec(),
        };
        let session = Session::prepare(project, vec![suite], &all)?;
        let arm = choose(&session, versions.len(), text)?;
        let of_suite = &session.suites[0];
        let series = Series {
            suite: of_suite.name.clone(),
            benchmark: arm.benchmark.clone(),
            arm: arm.name.clone(),
        };
        let named: Vec<Subject> = versions
            .iter()
            .map(|version| session.built_otherwise(version, |it| it.with_line_tables()))
            .collect::<Result<_>>()
            .context("building with line tables, for a profile to name functions by")?;
        let pairs = named.iter().zip(&session.subjects);
        let alike =
            pairs.map(|(named, measured)| symbols::likeness(&named.binary, &measured.binary));
        let likeness = alike.collect::<Result<Vec<_>>>()?.into_iter().fold(1.0, f64::min);
        let sides = Self { session, series, named, likeness };
        // Refused before anything is started.
        let bench = sides.session.bench(None);
        Observer::new(&bench, &sides.named[0], sides.arm()).map_err(anyhow::Error::msg)?;
        drop(bench);
        Ok(sides)
    }

    /// The arm.
    pub(crate) fn arm(&self) -> &Arm {
        let is_it =
            |arm: &&Arm| (&arm.benchmark, &arm.name) == (&self.series.benchmark, &self.series.arm);
        let arms = &self.session.suites[0].arms;
        arms.iter().find(is_it).unwrap_or(&arms[0])
    }

    /// Who looks at a version as it is measured.
    ///
    /// # Errors
    /// As [`Observer::new`].
    pub(crate) fn measured<'b>(
        &'b self,
        bench: &'b Bench<'b>,
        side: usize,
    ) -> Result<Observer<'b>> {
        Observer::new(bench, &self.session.subjects[side], self.arm()).map_err(anyhow::Error::msg)
    }

    /// Who looks at a version with names.
    ///
    /// # Errors
    /// As [`Observer::new`].
    pub(crate) fn with_names<'b>(
        &'b self,
        bench: &'b Bench<'b>,
        side: usize,
    ) -> Result<Observer<'b>> {
        Observer::new(bench, &self.named[side], self.arm()).map_err(anyhow::Error::msg)
    }

    /// `host 3fa9c1e2` of each.
    pub(crate) fn labels(&self) -> Vec<String> {
        self.named.iter().map(Subject::label).collect()
    }

    /// What a reader should know of the binaries.
    pub(crate) fn about_code(&self) -> String {
        format!(
            "profiled with line tables: {:.1} % of the code is in functions of the same name and \
             size as in the measured builds",
            // Never rounded up to all of it.
            (self.likeness * 1000.0).floor() / 10.0
        )
    }
}

/// The suite with the arms that may be meant.
fn suite(project: &Project, text: &str) -> Result<Suite> {
    let parts: Vec<&str> = text.splitn(3, '/').collect();
    let (pattern, arm) = match parts.as_slice() {
        [suite, benchmark] => (format!("{suite}/{benchmark}"), None),
        [suite, benchmark, arm] => (format!("{suite}/{benchmark}"), Some(*arm)),
        _ => bail!("`{text}` is no series: write SUITE/BENCHMARK or SUITE/BENCHMARK/ARM"),
    };
    let mut suites = project.suites(&[pattern])?;
    let (Some(mut suite), true) = (suites.pop(), suites.is_empty()) else {
        bail!("`{text}` fits several suites, and one is looked at");
    };
    let benchmarks = suite.benchmarks();
    if benchmarks.len() > 1 {
        bail!("`{text}` fits the benchmarks {}, and one is looked at", benchmarks.join(", "));
    }
    let benchmark = benchmarks.first().map(ToString::to_string).unwrap_or_default();
    if let Some(arm) = arm {
        let names = names(&suite.arms.iter().collect::<Vec<_>>());
        suite.arms.retain(|it| it.name == arm);
        if suite.arms.is_empty() {
            bail!("{}/{benchmark} has no arm `{arm}`; there are {names}", suite.name);
        }
    }
    Ok(suite)
}

/// The arm that all versions can do: the quick one, if there are several.
fn choose<'s>(session: &'s Session<'_>, versions: usize, text: &str) -> Result<&'s Arm> {
    let suite = &session.suites[0];
    let subjects = &session.subjects[..versions];
    let is_possible = |arm: &&Arm| {
        subjects.iter().all(|subject| session.part(suite, arm, subject) == Part::Measured)
    };
    let possible: Vec<&Arm> = suite.arms.iter().filter(is_possible).collect();
    let Some(chosen) = possible.iter().find(|arm| arm.quick).or(possible.first()) else {
        let reasons = suite.arms.iter().flat_map(|arm| {
            subjects.iter().filter_map(|it| {
                Some(format!("{} on {}: {}", arm.name, it.label(), session.unsupported(arm, it)?))
            })
        });
        let reason = reasons.into_iter().next();
        let reason = reason.unwrap_or_else(|| "it is no business of this target".to_owned());
        bail!("none of the versions' arms is in common on `{text}` ({reason})");
    };
    if possible.len() > 1 {
        note(&format!(
            "arm {}, of {}; name another as {}/{}/ARM",
            chosen.name,
            names(&possible),
            suite.name,
            chosen.benchmark
        ));
    }
    Ok(chosen)
}

fn names(arms: &[&Arm]) -> String {
    let mut names: Vec<&str> = arms.iter().map(|arm| arm.name.as_str()).collect();
    names.dedup();
    names.join(", ")
}
