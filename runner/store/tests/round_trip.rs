//! What is stored comes back, bit for bit, whichever way it went in.

use crate::example;
use crate::words::wrapped;
use expect_test::{Expect, expect};
use model::{Outcome, Run, RunId, RunStatus};
use proptest::prelude::*;
use std::cell::Cell;
use store::{Imported, Store};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// The bits of every sample, with the one exception there is: SQLite's file
/// format has no `-0.0`, it comes back as the `0.0` that it equals.
fn bits(run: &Run) -> Vec<u64> {
    let measured = run.blocks.iter().filter_map(|block| match &block.outcome {
        Outcome::Measured(measurements) => Some(measurements),
        _ => None,
    });
    measured
        .flat_map(|m| m.samples.values().flatten())
        .map(|value| (value + 0.0).to_bits())
        .collect()
}

#[test]
fn generated_runs_come_back_from_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let store = runtime.block_on(Store::open(&folder.path().join("runs.sqlite"))).unwrap();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    let named = Cell::new(0);
    proptest!(config, |(generated in example::any_run(), shuffle: bool)| {
        // A name of its own, also while proptest shrinks a failure.
        named.set(named.get() + 1);
        let run = Run { id: RunId::from_bits(named.get()), ..generated };
        runtime.block_on(async {
            let mut given = run.clone();
            if shuffle {
                given.blocks.reverse();
            }
            prop_assert_eq!(store.import(&given).await.unwrap(), Imported::New);
            let stored = store.run(run.id.as_str()).await.unwrap();
            prop_assert_eq!(bits(&stored), bits(&run));
            prop_assert_eq!(&stored, &run);
            prop_assert_eq!(store.import(&given).await.unwrap(), Imported::AlreadyThere);
            Ok(())
        })?;
    });
    runtime.block_on(store.check()).unwrap();
}

#[tokio::test]
async fn a_measured_run_equals_the_same_run_imported() {
    let folder = tempfile::tempdir().unwrap();
    let measured = Store::open(&folder.path().join("measured.sqlite")).await.unwrap();
    let run = example::complete(1, 20);
    let mut writer = measured.begin_run(&run).await.unwrap();
    for block in &run.blocks {
        writer.add_block(block).await.unwrap();
    }
    writer.finish(run.finished_at.unwrap()).await.unwrap();
    assert_eq!(measured.run("latest").await.unwrap(), run);

    let imported = Store::open(&folder.path().join("imported.sqlite")).await.unwrap();
    imported.import(&measured.run("latest").await.unwrap()).await.unwrap();
    assert_eq!(imported.run("latest").await.unwrap(), run);
    assert_eq!(imported.runs().await.unwrap(), measured.runs().await.unwrap());
}

#[tokio::test]
async fn a_refused_import_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("runs.sqlite")).await.unwrap();
    let check = async |run: &Run, expected: Expect| {
        expected.assert_eq(&wrapped(&store.import(run).await.unwrap_err().to_string()));
    };
    let good = example::complete(0xab, 3);

    let running = Run { status: RunStatus::Running, ..good.clone() };
    check(
        &running,
        expect![[r#"
            run 00000000000000ab is still running; export it once it is complete or
            interrupted"#]],
    )
    .await;
    let endless = Run { finished_at: None, ..good.clone() };
    check(&endless, expect!["not stored: finished_at: is missing, but the run is complete"]).await;
    let mut late = good.clone();
    late.blocks[2].started_at = "2300-01-01T00:00:00Z".parse().unwrap();
    check(
        &late,
        expect![[r#"
        not stored: block.started_at: 2300-01-01T00:00:00Z is outside of 1677 to 2262,
        which is what is stored"#]],
    )
    .await;
    let mut twice = good.clone();
    twice.blocks[2].ordinal = 1;
    check(&twice, expect!["not stored: block 1: stands twice"]).await;
    assert_eq!(store.runs().await.unwrap(), []);

    store.import(&good).await.unwrap();
    let mut other = good.clone();
    other.blocks[1].duration_ns += 1;
    check(
        &other,
        expect![[r#"
        run 00000000000000ab is stored already with other content (block 1 differs);
        runs are never replaced, so find out which of the two is right"#]],
    )
    .await;
    let fewer = Run { blocks: good.blocks[..2].to_vec(), ..good.clone() };
    check(
        &fewer,
        expect![[r#"
        run 00000000000000ab is stored already with other content (3 blocks, not 2);
        runs are never replaced, so find out which of the two is right"#]],
    )
    .await;
    let reseeded = Run { seed: 1, ..good.clone() };
    check(
        &reseeded,
        expect![[r#"
        run 00000000000000ab is stored already with other content (seed differs); runs
        are never replaced, so find out which of the two is right"#]],
    )
    .await;
    assert_eq!(store.run("latest").await.unwrap(), good);
}
