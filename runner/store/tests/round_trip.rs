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
        .flat_map(|m| m.samples.values().flatten().chain(m.summaries.values()))
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

/// Published: each block's median of throughput and CPU time, and the histogram.
fn published(full: &Run) -> Run {
    let mut run = full.clone();
    for block in &mut run.blocks {
        let Outcome::Measured(measured) = &mut block.outcome else { continue };
        let first = measured.samples["cpu_ns"][0];
        measured.samples.clear();
        measured.summaries = [("cpu_ns_per_request".to_owned(), first)].into();
    }
    run
}

#[tokio::test]
async fn a_published_run_never_replaces_samples() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("full.sqlite")).await.unwrap();
    let full = example::complete(7, 4);
    let bare = |mut run: Run| {
        for block in &mut run.blocks {
            let Outcome::Measured(measured) = &mut block.outcome else { continue };
            measured.histograms.clear();
        }
        run
    };
    store.import(&full).await.unwrap();
    let public = published(&full);
    assert_eq!(store.import(&public).await.unwrap(), Imported::AlreadyThere);
    assert_eq!(store.run("latest").await.unwrap(), full);

    let store = Store::open(&folder.path().join("published.sqlite")).await.unwrap();
    assert_eq!(store.import(&public).await.unwrap(), Imported::New);
    assert_eq!(store.import(&bare(public.clone())).await.unwrap(), Imported::AlreadyThere);
    let check = async |run: &Run, expected: Expect| {
        expected.assert_eq(&wrapped(&store.import(run).await.unwrap_err().to_string()));
    };
    check(
        &full,
        expect![[r#"
        run 0000000000000007 is stored already with other content (it is published here,
        and given with its samples; a database of its own takes those); runs are never
        replaced, so find out which of the two is right"#]],
    )
    .await;
    let mut other = public.clone();
    let Outcome::Measured(measured) = &mut other.blocks[3].outcome else { unreachable!() };
    measured.summaries.insert("cpu_ns_per_request".to_owned(), 1.0);
    check(
        &other,
        expect![[r#"
        run 0000000000000007 is stored already with other content (block 3 differs);
        runs are never replaced, so find out which of the two is right"#]],
    )
    .await;
    assert_eq!(store.run("latest").await.unwrap(), public);
}

#[tokio::test]
async fn a_history_is_read_like_its_runs_and_found_by_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("runs.sqlite")).await.unwrap();
    let mut importer = store.importing().await.unwrap();
    let mut given = vec![example::complete(1, 6), published(&example::complete(2, 6))];
    given[1].started_at = example::second(999);
    let interrupted =
        Run { status: RunStatus::Interrupted, finished_at: None, ..example::complete(3, 2) };
    for run in given.iter().chain([&interrupted]) {
        importer.add(run).await.unwrap();
    }
    assert_eq!(store.runs().await.unwrap(), [], "nothing is there before the commit");
    importer.commit().await.unwrap();

    let mut history = store.history().await.unwrap();
    assert_eq!(history.left(), 2);
    given.reverse();
    for run in &given {
        assert_eq!(history.next_run().await.unwrap().as_ref(), Some(run));
    }
    assert_eq!(history.next_run().await.unwrap(), None);
    for artifact in &given[0].artifacts {
        let found = store.runs_of_version(&artifact.target, &artifact.version).await.unwrap();
        assert_eq!(found, [RunId::from_bits(1), RunId::from_bits(2)]);
        assert_eq!(store.runs_of_version("other", &artifact.version).await.unwrap(), []);
    }
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
