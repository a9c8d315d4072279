//! `bench cache`: what is kept of builds, and making it less.

use crate::cli::Cache;
use crate::exit::Exit;
use crate::output::{note, table};
use crate::project::Project;
use anyhow::{Context, Result};
use build::CacheEntry;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) fn run(project: &Project, command: &Cache) -> Result<Exit> {
    let builder = project.builder()?;
    match command {
        Cache::Ls { json } => {
            let entries = builder.cached()?;
            if *json {
                println!("{}", serde_json::to_string_pretty(&listing(&entries)?)?);
                return Ok(Exit::Fine);
            }
            let rows = entries.iter().map(row).collect::<Result<Vec<_>>>()?;
            anstream::println!("{}", table(&["kind", "name", "MiB", "last used"], &[2], rows));
            let limit = project.config.cache_gib;
            let limit = limit.map(|gib| format!(" of {gib} GiB")).unwrap_or_default();
            note(&format!("{} MiB{limit} in {}", mib(total(&entries)), project.cache.display()));
        }
        Cache::Prune { keep_gib, json } => {
            let keep_gib = keep_gib.or(project.config.cache_gib).context(
                "bench.toml has no `cache_gib`, so say how much may be left with --keep-gib",
            )?;
            let removed = builder.prune(keep_gib.saturating_mul(1 << 30))?;
            let left = total(&builder.cached()?);
            if *json {
                let removed = listing(&removed)?;
                println!("{}", json!({ "removed": removed, "left_bytes": left }));
                return Ok(Exit::Fine);
            }
            for entry in &removed {
                println!("removed {} {}", entry.kind.word(), entry.name);
            }
            let (gone, left) = (mib(total(&removed)), mib(left));
            note(&format!("{gone} MiB removed, {left} MiB left in {}", project.cache.display()));
        }
    }
    Ok(Exit::Fine)
}

fn listing(entries: &[CacheEntry]) -> Result<Vec<Value>> {
    let one = |entry: &CacheEntry| {
        let used_at = Timestamp::try_from(entry.used_at)?;
        let CacheEntry { kind, name, bytes, .. } = entry;
        Ok(json!({ "kind": kind.word(), "name": name, "bytes": bytes, "used_at": used_at }))
    };
    entries.iter().map(one).collect()
}

fn row(entry: &CacheEntry) -> Result<Vec<String>> {
    let used_at = Timestamp::try_from(entry.used_at)?.strftime("%Y-%m-%d %H:%M").to_string();
    Ok(vec![entry.kind.word().to_owned(), entry.name.clone(), mib(entry.bytes), used_at])
}

fn total(entries: &[CacheEntry]) -> u64 {
    entries.iter().map(|entry| entry.bytes).sum()
}

fn mib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}
