//! `bench plan`: who measures what, where several machines do: a matrix for GitHub
//! Actions, or Kubernetes Jobs. It resolves every version, so that all machines
//! measure the same, and builds nothing.

use crate::cli::Plan;
use crate::exit::Exit;
use crate::obtain;
use crate::output::{note, table};
use crate::project::Project;
use crate::shards::{self, Amount, Shard};
use anyhow::{Context, Result, bail};
use askama::Template;
use model::{Hasher, ProfileName, TargetVersion};
use serde::Serialize;

/// What a build may take, in seconds: a shard is given up after that and all its
/// blocks' budgets.
const BUILD_S: u64 = 3 * 3_600;

/// What GitHub makes jobs of: one for each entry.
#[derive(Serialize)]
struct Matrix {
    include: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    shard: usize,
    of: usize,
    /// Words of `bench run`, separated by spaces; none holds one.
    arguments: String,
    estimate_s: u64,
}

#[derive(Template)]
#[template(path = "jobs.yml")]
struct Jobs {
    plan: String,
    image: String,
    checkout: String,
    claim: String,
    shards: Vec<Job>,
}

struct Job {
    number: usize,
    deadline_s: u64,
    /// A list of strings as JSON, which is YAML too.
    arguments: String,
}

pub(super) fn run(project: &Project, arguments: &Plan) -> Result<Exit> {
    let suites = project.suites(&arguments.selection.suite)?;
    let versions = exact_versions(project, &arguments.versions)?;
    let is_anchor = |version: &String| {
        let target = version.split('@').next();
        project.config.anchor.as_deref() == target
    };
    let beside = usize::from(project.config.anchor.is_some() && !versions.iter().any(is_anchor));
    let name = if arguments.quick { ProfileName::Quick } else { ProfileName::Full };
    let profile = project.config.profile(name);
    let amount = Amount {
        quick: arguments.quick,
        blocks: arguments.selection.blocks.unwrap_or(profile.blocks),
        measure_ms: profile.measure_ms,
        versions: versions.len() + beside,
    };
    let shards = shards::divide(&suites, amount, arguments.shards as usize);
    if shards.is_empty() {
        bail!("nothing to measure: no suite has an arm of this profile");
    }
    if shards.len() < arguments.shards as usize {
        note(&format!(
            "{} suites make {} shards: all versions of a suite stay on one machine",
            suites.len(),
            shards.len()
        ));
    }
    let chosen = project.patterns(&suites)?;
    let patterns = |shard: &Shard| -> Vec<&String> {
        let is_here = |text: &&String| shard.suites.iter().any(|suite| is_of(text, suite));
        chosen.iter().filter(is_here).collect()
    };
    let words: Vec<Vec<String>> =
        shards.iter().map(|shard| words(arguments, &versions, &patterns(shard))).collect();
    if arguments.kubernetes {
        print!("{}", jobs(arguments, &shards, &words)?);
    } else if arguments.json {
        println!("{}", serde_json::to_string(&matrix(&shards, &words))?);
    } else {
        let row = |(index, (shard, words)): (usize, (&Shard, &Vec<String>))| {
            let minutes = shard.estimate_ms.div_ceil(60_000);
            vec![(index + 1).to_string(), minutes.to_string(), words.join(" ")]
        };
        let rows = shards.iter().zip(&words).enumerate().map(row).collect();
        let headings = ["shard", "minutes, roughly", "bench run .."];
        anstream::println!("{}", table(&headings, &[0, 1], rows));
    }
    Ok(Exit::Fine)
}

/// Names that mean the same on every machine.
fn exact_versions(project: &Project, asked: &[String]) -> Result<Vec<String>> {
    let default = [project.config.default_target.clone()];
    let asked = if asked.is_empty() { &default } else { asked };
    let builder = project.builder()?;
    let exactly = |version: TargetVersion| {
        let target = project.config.target(&version.target).context("an undeclared target")?;
        let id = match builder.identify(target, &version.version)? {
            Some(id) => id,
            None => builder.resolve(target, &version.version)?.version().clone(),
        };
        let Some(exact) = obtain::exact(&id) else {
            bail!(
                "`{version}` is {} {}, which no other machine has: commit it, and name the commit",
                target.name,
                id.label()
            );
        };
        Ok(TargetVersion { target: version.target, version: exact }.to_string())
    };
    obtain::named(project, &builder, asked)?.into_iter().map(exactly).collect()
}

/// What follows `bench run`.
fn words(arguments: &Plan, versions: &[String], suites: &[&String]) -> Vec<String> {
    let mut words = versions.to_vec();
    words.extend(suites.iter().map(|suite| format!("--suite={suite}")));
    if arguments.quick {
        words.push("--quick".to_owned());
    }
    words.extend(arguments.selection.blocks.map(|blocks| format!("--blocks={blocks}")));
    words.extend(arguments.selection.seed.map(|seed| format!("--seed={seed}")));
    words
}

/// Whether a pattern is of that suite or of a benchmark of it.
fn is_of(pattern: &str, suite: &str) -> bool {
    pattern.split('/').next() == Some(suite)
}

fn matrix(shards: &[Shard], words: &[Vec<String>]) -> Matrix {
    let entry = |(index, (shard, words)): (usize, (&Shard, &Vec<String>))| Entry {
        shard: index + 1,
        of: shards.len(),
        arguments: words.join(" "),
        estimate_s: shard.estimate_ms.div_ceil(1_000),
    };
    Matrix { include: shards.iter().zip(words).enumerate().map(entry).collect() }
}

fn jobs(arguments: &Plan, shards: &[Shard], words: &[Vec<String>]) -> Result<String> {
    let all = words.iter().flatten();
    let plan = all.fold(Hasher::default(), |hasher, word| hasher.part("word", word)).finish();
    let quoted = |text: &str| serde_json::to_string(text);
    let job = |(index, (shard, words)): (usize, (&Shard, &Vec<String>))| {
        Ok(Job {
            number: index + 1,
            deadline_s: BUILD_S + shard.most_ms.div_ceil(1_000),
            arguments: serde_json::to_string(words)?,
        })
    };
    let jobs = Jobs {
        plan: plan.short(),
        image: quoted(arguments.image.as_deref().unwrap_or_default())?,
        checkout: quoted(&arguments.checkout.to_string_lossy())?,
        claim: quoted(&arguments.claim)?,
        shards: shards.iter().zip(words).enumerate().map(job).collect::<Result<_>>()?,
    };
    Ok(jobs.render()? + "\n")
}
