//! `bench profile TARGET@V SUITE/BENCHMARK`: where a version spends a request's time, and
//! what of that differs from another version.

use crate::cli::Profile;
use crate::exit::Exit;
use crate::explain::{Counts, Row};
use crate::measure::Named;
use crate::output::{BAD, GOOD, QUIET, STRONG, note, table, width};
use crate::profiling::{DEFAULT, Folder, Sampled, Sides, Written, sample, short};
use crate::project::Project;
use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Functions with less than this share of what both sides took are not compared.
const LEAST_SHARE: f64 = 0.001;
/// Columns of a table but for names.
const NUMBERS: usize = 44;

/// What `--json` prints.
#[derive(Serialize)]
struct Told {
    series: String,
    /// The version that is compared with, if one is, and the one that was asked for.
    sides: Vec<Side>,
    /// What differs, most first; empty with one version.
    differences: Vec<Row>,
    folded: Vec<PathBuf>,
    pictures: Vec<PathBuf>,
    /// What a reader should know.
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Side {
    version: String,
    samples: u64,
    /// Of them inside of guests.
    samples_in_guests: u64,
    requests: u64,
    hosts: usize,
    elapsed_s: f64,
    /// Where the CPU time of a request goes, by the function itself.
    functions: Vec<Function>,
}

#[derive(Serialize)]
struct Function {
    name: String,
    /// CPU time of the function itself, in nanoseconds a request.
    own_ns: f64,
    /// And of what it called.
    all_ns: f64,
    own_share: f64,
    all_share: f64,
}

pub(super) fn run(project: &Project, arguments: &Profile) -> Result<Exit> {
    let asked = arguments.against.iter().chain([&arguments.version]);
    let versions = asked.map(|text| project.config.parse_version(text));
    let versions = versions.collect::<Result<Vec<_>, _>>()?;
    let sides = Sides::prepare(project, &versions, &arguments.series)?;
    let sampled = match sample(&sides, arguments.rounds, arguments.load) {
        _ if sides.session.cancel.load(Ordering::Relaxed) => {
            note("interrupted; nothing of it is kept");
            return Ok(Exit::Incomplete);
        }
        sampled => sampled?,
    };
    let root = arguments.out.clone().unwrap_or_else(|| project.root.join(DEFAULT));
    let folder = Folder::create(&root, &sides.series)?;
    let pairs: Vec<_> = sides.named.iter().zip(&sampled).collect();
    let Written { folded, pictures } = folder.write(&sides.series, &pairs)?;
    let told = Told {
        series: sides.series.to_string(),
        sides: sides
            .labels()
            .into_iter()
            .zip(&sampled)
            .map(|(label, it)| side(label, it))
            .collect(),
        differences: differences(&sampled, arguments.rounds)?,
        folded,
        pictures,
        notes: notes(&sides, &sampled),
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        print(&told, arguments.top);
    }
    Ok(Exit::Fine)
}

fn side(version: String, sampled: &Sampled) -> Side {
    let stacks = sampled.stacks();
    let (samples, requests) = (stacks.samples(), sampled.requests());
    let share = |count: u64| count as f64 / samples.max(1) as f64;
    let ns = |count: u64| sampled.ns_per_request(count);
    let mut functions: Vec<Function> = stacks
        .functions()
        .into_iter()
        .map(|(name, place)| Function {
            name: name.to_owned(),
            own_ns: ns(place.own),
            all_ns: ns(place.all),
            own_share: share(place.own),
            all_share: share(place.all),
        })
        .collect();
    functions.sort_by(|one, other| {
        other.own_ns.total_cmp(&one.own_ns).then(other.all_ns.total_cmp(&one.all_ns))
    });
    Side {
        version,
        samples,
        samples_in_guests: stacks.in_guests(),
        requests,
        hosts: sampled.rounds.len(),
        elapsed_s: sampled.elapsed_s(),
        functions,
    }
}

/// What differs between two versions, of the functions themselves.
fn differences(sampled: &[Sampled], rounds: u32) -> Result<Vec<Row>> {
    let [a, b] = sampled else { return Ok(Vec::new()) };
    let mut counts = Counts::new(rounds as usize);
    for (side, sampled) in [a, b].into_iter().enumerate() {
        for (index, round) in sampled.rounds.iter().enumerate() {
            for (name, place) in round.stacks.functions() {
                let (own, one) = (round.ns_per_request(place.own), round.ns_per_request(1));
                counts.add((side, index), name, own, one);
            }
        }
    }
    counts.rows(LEAST_SHARE)
}

fn notes(sides: &Sides<'_>, sampled: &[Sampled]) -> Vec<String> {
    let mut notes = vec![sides.about_code()];
    for (label, sampled) in sides.labels().iter().zip(sampled) {
        if let (Named::No(reason), true) = (&sampled.guests, !sides.arm().components.is_empty()) {
            notes.push(format!("guests of {label} are not named: {reason}"));
        }
    }
    notes
}

fn print(told: &Told, top: usize) {
    for side in &told.sides {
        anstream::println!("{STRONG}{}{STRONG:#} on {}", side.version, told.series);
        anstream::println!(
            "{QUIET}{} samples in {} hosts, {} requests in {:.1} s, {:.1} % of the samples in guests{QUIET:#}",
            side.samples,
            side.hosts,
            side.requests,
            side.elapsed_s,
            side.samples_in_guests as f64 / side.samples.max(1) as f64 * 100.0
        );
    }
    match told.sides.as_slice() {
        [one] => hottest(one, top),
        _ => changed(&told.differences, top),
    }
    for note in &told.notes {
        anstream::println!("{QUIET}{note}{QUIET:#}");
    }
    for file in &told.pictures {
        anstream::println!("{}", file.display());
    }
}

fn hottest(side: &Side, top: usize) {
    let columns = width().saturating_sub(NUMBERS).max(24);
    let row = |it: &Function| {
        vec![
            format!("{:.0} ns", it.own_ns),
            format!("{:.1} %", it.own_share * 100.0),
            format!("{:.0} ns", it.all_ns),
            format!("{:.1} %", it.all_share * 100.0),
            short(&it.name, columns),
        ]
    };
    let rows = side.functions.iter().take(top).map(row).collect();
    let headings = ["itself", "", "with callees", "", "CPU time of a request, by function"];
    anstream::println!("{}", table(&headings, &[0, 1, 2, 3], rows));
}

fn changed(differences: &[Row], top: usize) {
    let columns = width().saturating_sub(NUMBERS).max(24);
    let row = |it: &Row| {
        let style = match (it.sure, it.difference > 0.0) {
            (true, true) => BAD,
            (true, false) => GOOD,
            (false, _) => QUIET,
        };
        vec![
            format!("{:.0} ns", it.a),
            format!("{:.0} ns", it.b),
            format!("{style}{:+.0} ns{style:#}", it.difference),
            if it.sure { "*".to_owned() } else { String::new() },
            short(&it.name, columns),
        ]
    };
    let rows = differences.iter().take(top).map(row).collect();
    let headings = ["before", "now", "difference", "", "CPU time of a request, by function itself"];
    anstream::println!("{}", table(&headings, &[0, 1, 2], rows));
    anstream::println!("{QUIET}* differs for sure (2 % chance of one false *){QUIET:#}");
}
