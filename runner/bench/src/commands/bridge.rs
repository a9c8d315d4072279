//! `bench bridge`: measures versions of an old epoch again on this testbed, and
//! tells by what factor the change of testbed alone moved each metric.

use crate::bridge::{Bridge, CONFIDENCE, Epochs};
use crate::cli::Bridge as Arguments;
use crate::exit::Exit;
use crate::measure::Placement;
use crate::output::{self, note};
use crate::project::Project;
use crate::session::{Amount, Session, Sink, Straight};
use crate::testbed;
use anyhow::{Context, Result, bail};
use model::ProfileName;
use tokio::runtime::Runtime;

pub(super) fn run(project: &Project, arguments: &Arguments, runtime: Runtime) -> Result<Exit> {
    let placement = Placement::of_this_process().context("reading the CPUs of this process")?;
    let now = testbed::read(project.config.measurement_protocol, &placement).epoch();
    let sink = super::run::open(project, runtime)?;
    let epochs = sink.runtime.block_on(epochs(&sink))?;
    let Some(old) = epochs.old(arguments.from.as_deref(), &now) else {
        match &arguments.from {
            Some(asked) => bail!("no run stands on an epoch {asked}; `bench list runs` tells them"),
            None => {
                bail!("every run stands on this testbed (epoch {now}); there is nothing to link")
            }
        }
    };
    if !arguments.show && !measure(project, arguments, &sink, &epochs, old)? {
        return Ok(Exit::Incomplete);
    }
    let mut bridge = Bridge::between(old, &now);
    sink.runtime.block_on(async {
        let mut history = sink.store.history().await?;
        while let Some(run) = history.next_run().await? {
            bridge.add(&run);
        }
        Ok::<_, store::StoreError>(())
    })?;
    tell(&bridge, old, &now, arguments.json)
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
    let session = Session::prepare(project, suites, &versions)?;
    let amount = Amount {
        profile: ProfileName::Full,
        quick: false,
        blocks: arguments.selection.blocks,
        seed: arguments.selection.seed,
        budget: None,
        compared: 0,
        variants: Vec::new(),
    };
    Ok(session.measure(sink, &versions, &amount, &mut Straight)?.finished)
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
