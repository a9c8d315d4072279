//! Killing a writer at random moments. The writer is this very test binary,
//! told by a variable to play that part; SIGKILL leaves it no last word.

use crate::example::{block, head};
use model::{RunId, RunStatus};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use store::Store;

const DATABASE: &str = "STORE_TEST_CRASHING_WRITER";
const KILLS: u64 = 30;

/// Not a test of its own: the process that is killed. It adds blocks until
/// then and says after each which one it was told is stored.
#[tokio::test]
async fn crashing_writer() {
    let Some(database) = std::env::var_os(DATABASE) else { return };
    let store = Store::open(Path::new(&database)).await.unwrap();
    let id = RunId::from_bits(1);
    let resumed = store.runs().await.unwrap().iter().any(|run| run.id == id);
    let (mut writer, next) = if resumed {
        let (writer, so_far) = store.resume_run(&id).await.unwrap();
        (writer, so_far.blocks.len() as u32)
    } else {
        (store.begin_run(&head(1)).await.unwrap(), 0)
    };
    eprintln!("begun");
    for ordinal in next..head(1).planned_blocks {
        writer.add_block(&block(ordinal)).await.unwrap();
        eprintln!("stored {ordinal}");
    }
}

fn spawn(database: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::crashing_writer", "--nocapture"])
        .env(DATABASE, database)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// When a writer dies: so long after it said so many lines.
struct Moment {
    lines: usize,
    then: Duration,
}

/// Kills a writer; returns the last block it was told is stored.
fn kill_at(mut child: Child, moment: &Moment) -> Option<u32> {
    let output = BufReader::new(child.stderr.take().unwrap());
    let mut lines = output.lines().map_while(Result::ok);
    let mut said: Vec<String> = lines.by_ref().take(moment.lines).collect();
    std::thread::sleep(moment.then);
    child.kill().unwrap();
    child.wait().unwrap();
    said.extend(lines);
    said.iter().rev().find_map(|line| line.strip_prefix("stored ")?.parse().ok())
}

#[tokio::test]
async fn a_killed_writer_leaves_whole_blocks_and_an_interrupted_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let start = Instant::now();
    let (mut before, mut unacknowledged) = (0, 0);
    // A fixed sequence of moments, spread over opening (no line yet), beginning
    // or resuming (one) and storing, whatever the speed of the machine.
    for kill in 0..KILLS {
        let then = Duration::from_micros(kill * 7_919 % 10_000);
        let acknowledged = kill_at(spawn(&path), &Moment { lines: kill as usize % 5, then });

        let Ok(reader) = Store::open_read_only(&path).await else {
            assert_eq!(acknowledged, None, "acknowledged a block of a file that is not there");
            continue;
        };
        reader.check().await.unwrap();
        let runs = reader.runs().await.unwrap();
        let Some(summary) = runs.first() else { continue };
        assert_eq!(summary.status, RunStatus::Interrupted);
        assert_eq!(reader.visible_runs().await.unwrap(), []);
        let run = reader.run(summary.id.as_str()).await.unwrap();
        for (ordinal, stored) in (0..).zip(&run.blocks) {
            assert_eq!(*stored, block(ordinal));
        }
        let stored = run.blocks.len() as u32;
        assert!(stored >= before, "blocks of an earlier process are gone");
        assert!(acknowledged.is_none_or(|last| last < stored), "lost block {acknowledged:?}");
        // At most the one that was under way when the writer died.
        let told = acknowledged.map_or(before, |last| last + 1);
        assert!(stored <= told + 1, "{stored} blocks, but only {told} acknowledged");
        unacknowledged += u32::from(stored > told);
        before = stored;
        reader.close().await;
    }
    assert!(before >= 30, "only {before} blocks: the kills came before any work");
    eprintln!("{before} blocks, {unacknowledged} unacknowledged, {:?}", start.elapsed());
}
