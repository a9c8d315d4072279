//! What is stored comes back, bit for bit, whichever way it went in.

use crate::example;
use model::{Outcome, Run, RunStatus};
use proptest::prelude::*;
use store::{Imported, Store};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// The bits of every sample; `==` alone would let `-0.0` pass for `0.0`.
fn bits(run: &Run) -> Vec<u64> {
    let measured = run.blocks.iter().filter_map(|block| match &block.outcome {
        Outcome::Measured(measurements) => Some(measurements),
        _ => None,
    });
    measured.flat_map(|m| m.samples.values().flatten()).map(|value| value.to_bits()).collect()
}

#[test]
fn generated_runs_come_back_from_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let store = runtime.block_on(Store::open(&folder.path().join("runs.sqlite"))).unwrap();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    proptest!(config, |(run in example::any_run(), shuffle: bool)| {
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
    let check = async |run: &Run, expected: expect_test::Expect| {
        expected.assert_eq(&store.import(run).await.unwrap_err().to_string());
    };
    let good = example::complete(0xab, 3);

    let running = Run { status: RunStatus::Running, ..good.clone() };
    check(&running, expect_test::expect![[r#""#]]).await;
    let endless = Run { finished_at: None, ..good.clone() };
    check(&endless, expect_test::expect![[r#""#]]).await;
    let mut late = good.clone();
    late.blocks[2].started_at = "2300-01-01T00:00:00Z".parse().unwrap();
    check(&late, expect_test::expect![[r#""#]]).await;
    let mut twice = good.clone();
    twice.blocks[2].ordinal = 1;
    check(&twice, expect_test::expect![[r#""#]]).await;
    assert_eq!(store.runs().await.unwrap(), []);

    store.import(&good).await.unwrap();
    let mut other = good.clone();
    other.blocks[1].duration_ns += 1;
    check(&other, expect_test::expect![[r#""#]]).await;
    let fewer = Run { blocks: good.blocks[..2].to_vec(), ..good.clone() };
    check(&fewer, expect_test::expect![[r#""#]]).await;
    let reseeded = Run { seed: 1, ..good.clone() };
    check(&reseeded, expect_test::expect![[r#""#]]).await;
    assert_eq!(store.run("latest").await.unwrap(), good);
}
