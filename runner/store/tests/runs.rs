//! Beginning, finishing, interrupting, resuming, listing and finding runs.

use crate::example::{block, complete, head, second};
use crate::words::wrapped;
use expect_test::{Expect, expect};
use model::{Outcome, Run, RunId, RunStatus};
use std::path::PathBuf;
use store::{Store, StoreError};

/// A store in a folder of its own; paths in texts are shortened to `DB`.
struct Fixture {
    _folder: tempfile::TempDir,
    path: PathBuf,
    store: Store,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.sqlite");
        let store = Store::open(&path).await.unwrap();
        Self { _folder: folder, path, store }
    }

    fn check<T: std::fmt::Debug>(&self, result: Result<T, StoreError>, expected: Expect) {
        let text = result.unwrap_err().to_string();
        let process = format!("process {}", std::process::id());
        let text = text.replace(self.path.to_str().unwrap(), "DB").replace(&process, "process PID");
        expected.assert_eq(&wrapped(&text));
    }

    /// Each run as `id status done/planned`, newest first.
    async fn listing(&self) -> Vec<String> {
        let line = |run: store::RunSummary| {
            let (id, status) = (&run.id.as_str()[12..], run.status.word());
            format!("{id} {status} {}/{}", run.done(), run.planned)
        };
        self.store.runs().await.unwrap().into_iter().map(line).collect()
    }
}

#[tokio::test]
async fn a_run_becomes_visible_when_it_is_finished() {
    let fixture = Fixture::new().await;
    let reader = Store::open_read_only(&fixture.path).await.unwrap();
    let mut writer = fixture.store.begin_run(&head(1)).await.unwrap();
    writer.add_block(&block(0)).await.unwrap();
    assert_eq!(reader.visible_runs().await.unwrap(), []);
    assert_eq!(fixture.listing().await, ["0001 running 1/1000"]);
    assert_eq!(reader.runs().await.unwrap()[0].status, RunStatus::Running);
    fixture.check(
        reader.run("latest").await,
        expect![[r#"
        DB: no complete run yet; `bench run` makes one, `bench list runs` shows
        interrupted ones"#]],
    );

    writer.finish(second(3_000)).await.unwrap();
    assert_eq!(reader.visible_runs().await.unwrap(), [RunId::from_bits(1)]);
    assert_eq!(fixture.listing().await, ["0001 complete 1/1000"]);
    let run = reader.run("latest").await.unwrap();
    assert_eq!((run.finished_at, run.blocks), (Some(second(3_000)), vec![block(0)]));
}

#[tokio::test]
async fn an_abandoned_run_is_interrupted_and_can_be_resumed() {
    let fixture = Fixture::new().await;
    let id = RunId::from_bits(1);
    let mut writer = fixture.store.begin_run(&head(1)).await.unwrap();
    writer.add_block(&block(0)).await.unwrap();
    drop(writer);
    assert_eq!(fixture.listing().await, ["0001 interrupted 1/1000"]);
    let reader = Store::open_read_only(&fixture.path).await.unwrap();
    assert_eq!(reader.run("0000").await.unwrap().status, RunStatus::Interrupted);

    let (mut writer, so_far) = fixture.store.resume_run(&id).await.unwrap();
    let expected = Run { blocks: vec![block(0)], ..head(1) };
    assert_eq!((&so_far, writer.head()), (&expected, &head(1)));
    assert_eq!(fixture.listing().await, ["0001 running 1/1000"]);
    fixture.check(
        writer.add_block(&block(0)).await,
        expect!["block 0 of run 0000000000000001 is stored already; blocks are never replaced"],
    );
    writer.add_block(&block(1)).await.unwrap();
    writer.interrupt().await.unwrap();
    assert_eq!(fixture.listing().await, ["0001 interrupted 2/1000"]);

    let (writer, _) = fixture.store.resume_run(&id).await.unwrap();
    fixture.check(
        fixture.store.resume_run(&id).await,
        expect![[r#"
        DB: another run is in progress (run 0000000000000001, process PID); two at once
        would disturb each other's numbers, so wait for it, or use another machine"#]],
    );
    writer.finish(second(3_000)).await.unwrap();
    fixture.check(
        fixture.store.resume_run(&id).await,
        expect!["run 0000000000000001 is complete; only an interrupted run can be resumed"],
    );
    fixture.check(
        fixture.store.resume_run(&RunId::from_bits(2)).await,
        expect!["DB: no run `0000000000000002`; `bench list runs` shows what there is"],
    );
    let run = fixture.store.run("latest").await.unwrap();
    assert_eq!(run.blocks, [block(0), block(1)]);
}

#[tokio::test]
async fn a_second_runner_is_refused_and_a_third_follows_a_dead_one() {
    let fixture = Fixture::new().await;
    let other = Store::open(&fixture.path).await.unwrap();
    let writer = fixture.store.begin_run(&head(1)).await.unwrap();
    fixture.check(
        other.begin_run(&head(2)).await,
        expect![[r#"
        DB: another run is in progress (run 0000000000000001, process PID); two at once
        would disturb each other's numbers, so wait for it, or use another machine"#]],
    );
    drop(writer);
    fixture.check(
        other.begin_run(&head(1)).await,
        expect!["run 0000000000000001 is stored already; a new run needs a new name"],
    );
    let _writer = other.begin_run(&head(2)).await.unwrap();
    assert_eq!(fixture.listing().await, ["0002 running 0/1000", "0001 interrupted 0/1000"]);
}

#[tokio::test]
async fn what_is_not_valid_is_not_stored_and_does_no_harm() {
    let fixture = Fixture::new().await;
    let nothing = Run { artifacts: Vec::new(), failed_builds: Vec::new(), ..head(1) };
    fixture.check(
        fixture.store.begin_run(&nothing).await,
        expect!["not stored: artifacts: 0 of them, 1 to 10000 are stored"],
    );

    let mut writer = fixture.store.begin_run(&head(1)).await.unwrap();
    let mut wrong = block(0);
    let Outcome::Measured(measurements) = &mut wrong.outcome else { panic!("measured") };
    measurements.insert("cpu_ns", vec![1.0, f64::NAN]);
    fixture.check(
        writer.add_block(&wrong).await,
        expect!["not stored: block 0, samples.cpu_ns[1]: NaN is not a finite number of at least 0"],
    );
    writer.add_block(&block(0)).await.unwrap();
    fixture.check(
        writer.finish(second(0)).await,
        expect!["not stored: finished_at: is before started_at"],
    );
    assert_eq!(fixture.listing().await, ["0001 interrupted 1/1000"]);
}

#[tokio::test]
async fn runs_are_listed_newest_first_with_their_outcomes() {
    let fixture = Fixture::new().await;
    let mut run = complete(2, 4);
    run.blocks[1].outcome = Outcome::Failed { reason: "died".into(), log_tail: "bye".into() };
    run.blocks[2].outcome = Outcome::Unsupported { reason: "needs http-p3".into() };
    fixture.store.import(&run).await.unwrap();
    let earlier = Run { started_at: second(999), ..complete(3, 1) };
    fixture.store.import(&earlier).await.unwrap();
    let interrupted = Run {
        started_at: second(1_000),
        finished_at: None,
        status: RunStatus::Interrupted,
        ..head(1)
    };
    fixture.store.import(&interrupted).await.unwrap();

    assert_eq!(
        fixture.listing().await,
        ["0002 complete 4/1000", "0001 interrupted 0/1000", "0003 complete 1/1000"]
    );
    let visible = [RunId::from_bits(3), RunId::from_bits(2)];
    assert_eq!(fixture.store.visible_runs().await.unwrap(), visible);
    let newest = fixture.store.runs().await.unwrap().remove(0);
    let versions: Vec<_> = newest.versions.iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["host@48.0.8", "host@3fa9c1e2"]);
    assert_eq!((newest.measured, newest.failed, newest.unsupported), (2, 1, 1));
    assert_eq!(newest.epoch, run.testbed.epoch());
}

#[tokio::test]
async fn runs_are_found_by_the_beginning_of_their_name() {
    let fixture = Fixture::new().await;
    for bits in [0xabcd_1000_0000_0001, 0xabcd_2000_0000_0001, 0x1234_0000_0000_0001] {
        fixture.store.import(&complete(bits, 1)).await.unwrap();
    }
    let found = async |asked| fixture.store.run_id(asked).await.map(|id| id.to_string());
    for (asked, expected) in [
        ("abcd1", "abcd100000000001"),
        ("ABCD2", "abcd200000000001"),
        ("1234", "1234000000000001"),
        ("latest", "abcd200000000001"),
        ("abcd100000000001", "abcd100000000001"),
    ] {
        assert_eq!(found(asked).await.unwrap(), expected);
    }
    fixture.check(
        found("abcd").await,
        expect![[r#"
        `abcd` is the beginning of several runs: abcd100000000001,
        abcd200000000001; give more digits"#]],
    );
    fixture.check(
        found("ffff").await,
        expect!["DB: no run `ffff`; `bench list runs` shows what there is"],
    );
    for wrong in ["abc", "", "host", "../etc", "abcd1000000000011"] {
        assert!(matches!(found(wrong).await, Err(StoreError::BadRunName { .. })), "{wrong}");
    }
    fixture.check(
        found("v1.0").await,
        expect![[r#"
        `v1.0` does not name a run: give `latest`, or the first 4 to 16 hexadecimal
        digits of its name; `bench list runs` shows them"#]],
    );
}
