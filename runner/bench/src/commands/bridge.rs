//! `bench bridge`: measures versions of an old epoch again on this testbed, and
//! tells by what factor the change of testbed alone moved each metric.

use crate::bridge::{Bridge, Epochs};
use crate::cli::Bridge as Arguments;
use crate::exit::Exit;
use crate::measure::Placement;
use crate::obtain::FailedBuilds;
use crate::output::{self, note};
use crate::project::Project;
use crate::session::{Amount, Measured, Session, Sink, Straight, with_anchor};
use crate::testbed;
use anyhow::{Context, Result, bail};
use model::{ProfileName, Suite, TargetVersion};
use stats::bridge::CONFIDENCE;
use tokio::runtime::Runtime;

/// How many versions are measured again beside the anchor, where nobody says.
const VERSIONS: usize = 2;

pub(super) fn run(project: &Project, arguments: &Arguments, runtime: Runtime) -> Result<Exit> {
    let now = epoch_now(project)?;
    let sink = super::run::open(project, runtime)?;
    let epochs = sink.runtime.block_on(epochs(&sink))?;
    let Some(old) = epochs.old(arguments.from.as_deref(), &now) else {
        match &arguments.from {
            Some(asked) => bail!("no run stands on an epoch {asked}; `bench list runs` tells them"),
            None => bail!(
                "every run that is not a quick one stands on this testbed (epoch {now}); there is \
                 nothing to link"
            ),
        }
    };
    if !arguments.show && !measure(project, arguments, &sink, &epochs, old)? {
        return Ok(Exit::Incomplete);
    }
    tell(&linked(&sink, old, &now)?, old, &now, arguments.json)
}

/// What links this testbed to the one before and was not measured yet: what commands
/// that fill a history measure first, since until then nothing of the new epoch can
/// be put beside the old one.
pub(super) struct Owed {
    old: String,
    now: String,
    /// The anchor of the old epoch, and what else is measured again.
    pub(super) versions: Vec<TargetVersion>,
    suites: Vec<Suite>,
}

impl Owed {
    /// Nothing is owed where one testbed measured everything, or all is linked.
    pub(super) fn find(project: &Project, sink: &Sink, suites: &[Suite]) -> Result<Option<Self>> {
        let now = epoch_now(project)?;
        let runs = sink.runtime.block_on(sink.store.runs())?;
        if runs.iter().all(|run| run.epoch == now) {
            return Ok(None);
        }
        let epochs = sink.runtime.block_on(epochs(sink))?;
        let Some(old) = epochs.old(None, &now) else { return Ok(None) };
        let mut suites = suites.to_vec();
        let measured_then = epochs.suites(old);
        suites.retain(|suite| measured_then.contains(&suite.name));
        let names = suites.iter().map(|suite| suite.name.clone()).collect();
        let words = epochs.owed(old, &now, VERSIONS, &names);
        // A target that is no longer declared cannot be measured again.
        let known = words.iter().filter_map(|word| project.config.parse_version(word).ok());
        let versions: Vec<TargetVersion> = known.collect();
        let old = old.to_owned();
        Ok((!versions.is_empty()).then_some(Self { old, now, versions, suites }))
    }

    /// Measures it; whether the run came to its end.
    pub(super) fn measure(
        &self,
        project: &Project,
        sink: &Sink,
        (blocks, seed): (Option<u32>, Option<u64>),
    ) -> Result<Measured> {
        let Self { old, now, versions, suites } = self;
        let names: Vec<String> = versions.iter().map(ToString::to_string).collect();
        note(&format!(
            "this testbed is new (epoch {now}, before it {old}): measuring {} again, which links \
             the two",
            names.join(", ")
        ));
        let (versions, suites) = (versions.clone(), suites.clone());
        let measured = measured_again(project, sink, versions, suites, (blocks, seed))?;
        if measured.finished {
            note(&format!(
                "epochs {old} and {now} are linked by {} factors; `bench bridge --show` tells them",
                linked(sink, old, now)?.links().len()
            ));
        }
        Ok(measured)
    }
}

fn epoch_now(project: &Project) -> Result<String> {
    let placement = Placement::of_this_process().context("reading the CPUs of this process")?;
    Ok(testbed::read(project.config.measurement_protocol, &placement).epoch())
}

/// Everything that both epochs measured.
fn linked(sink: &Sink, old: &str, now: &str) -> Result<Bridge> {
    let mut bridge = Bridge::between(old, now);
    sink.runtime.block_on(async {
        let mut history = sink.store.history().await?;
        while let Some(run) = history.next_run().await? {
            bridge.add(&run);
        }
        Ok::<_, store::StoreError>(())
    })?;
    Ok(bridge)
}

async fn epochs(sink: &Sink) -> Result<Epochs> {
    let mut epochs = Epochs::default();
    let mut history = sink.store.history().await?;
    while let Some(run) = history.next_run().await? {
        epochs.add(&run);
    }
    Ok(epochs)
}

/// Whether the run came to its end.
fn measure(
    project: &Project,
    arguments: &Arguments,
    sink: &Sink,
    epochs: &Epochs,
    old: &str,
) -> Result<bool> {
    let again = epochs.to_measure_again(old, arguments.versions);
    if again.is_empty() {
        bail!(
            "epoch {old} measured no commit and no release, so nothing of it can be measured again"
        );
    }
    note(&format!("measuring again what epoch {old} measured: {}", again.join(", ")));
    let versions = again.iter().map(|version| project.config.parse_version(version));
    let versions = versions.collect::<Result<Vec<_>, _>>()?;
    let mut suites = project.suites(&arguments.selection.suite)?;
    let measured_then = epochs.suites(old);
    suites.retain(|suite| measured_then.contains(&suite.name));
    if suites.is_empty() {
        bail!("epoch {old} measured none of these suites");
    }
    let selection = &arguments.selection;
    let measured =
        measured_again(project, sink, versions, suites, (selection.blocks, selection.seed))?;
    Ok(measured.finished)
}

fn measured_again(
    project: &Project,
    sink: &Sink,
    versions: Vec<TargetVersion>,
    suites: Vec<Suite>,
    (blocks, seed): (Option<u32>, Option<u64>),
) -> Result<Measured> {
    let versions = with_anchor(project, versions);
    let session = Session::with(project, suites, &versions, FailedBuilds::Stored)?;
    let amount = Amount {
        profile: ProfileName::Full,
        quick: false,
        blocks,
        seed,
        budget: None,
        compared: 0,
        variants: Vec::new(),
    };
    session.measure(sink, &versions, &amount, &mut Straight)
}

fn tell(bridge: &Bridge, old: &str, new: &str, json: bool) -> Result<Exit> {
    let links = bridge.links();
    if json {
        let told = serde_json::json!({
            "old": old, "new": new, "confidence": CONFIDENCE, "links": links });
        println!("{told}");
    } else if !links.is_empty() {
        let rows = links.iter().map(|link| {
            vec![
                format!("{}/{}", link.suite, link.benchmark),
                link.metric.to_owned(),
                format!("{:.4}", link.factor),
                format!("{:.4} to {:.4}", link.low, link.high),
                link.anchors.to_string(),
            ]
        });
        let headings = ["benchmark", "metric", "new / old", "95 %", "anchors"];
        anstream::println!("{}", output::table(&headings, &[2, 3, 4], rows.collect()));
        note(&format!(
            "{new} over {old}, of the same binaries; a factor places numbers side by side and \
             makes no verdict"
        ));
    }
    if links.is_empty() {
        note(&format!(
            "nothing was measured often enough on both {old} and {new}: the same binaries, three \
             blocks or more on each"
        ));
        return Ok(Exit::Undecided);
    }
    Ok(Exit::Fine)
}

/// Says so when a run is the first of its epoch and others came before.
pub(super) fn note_new_epoch(sink: &Sink, run: &model::RunId) -> Result<()> {
    let runs = sink.runtime.block_on(sink.store.runs())?;
    let Some(own) = runs.iter().find(|it| it.id == *run) else { return Ok(()) };
    let others = || runs.iter().filter(|it| it.id != *run);
    if let Some(before) = others().next()
        && others().all(|it| it.epoch != own.epoch)
    {
        note(&format!(
            "this testbed is new (epoch {}, before it {}): no verdict crosses that; `bench bridge` \
             measures versions of then again and links the two, `bench show {run}` tells the testbed",
            own.epoch, before.epoch
        ));
    }
    Ok(())
}
