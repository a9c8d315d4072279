//! The tiny host: what of its flash each crate takes, as a treemap and a table, and
//! what each board has left. Sizes repeat exactly, so a difference is a change.

use super::{Layout, Page, Site, render};
use crate::Error;
use crate::names;
use crate::series::{Line, LineKey, Point, State};
use crate::trend;
use crate::words;
use askama::Template;
use model::{Metric, SeriesName, Unit};
use std::collections::BTreeMap;
use streemap::Rect;

/// The page, from the site's root.
pub(crate) const PATH: &str = "tiny.html";
const SUITE: &str = "tiny";
/// The benchmark whose arms are the parts of a firmware.
const PARTS: &str = "flash-by-crate";
const PART: &str = "part";
/// What is said of a board: benchmark and metric. Without a benchmark, the one that
/// took the most: that is what a board must have.
const OF_BOARD: [(Option<&str>, &str); 6] = [
    (Some("flash"), "flash_bytes"),
    (None, "ram_bytes"),
    (Some("call"), "steady_call_instructions"),
    (Some("call"), "async_call_instructions"),
    (Some("call"), "boot_to_first_answer_instructions"),
    (Some("call"), "trap_and_recovery_instructions"),
];
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
/// Smaller tiles get no name of their own.
const ROOM_FOR_TEXT: (f64, f64) = (70.0, 36.0);
/// A letter of the text in a tile is about so wide.
const LETTER: f64 = 7.2;

#[derive(Template)]
#[template(path = "tiny.html")]
struct TinyPage {
    layout: Layout,
    suite_href: Option<String>,
    headings: Vec<&'static str>,
    boards: Vec<BoardView>,
    maps: Vec<MapView>,
}

struct BoardView {
    name: String,
    cells: Vec<CellView>,
}

#[derive(Default)]
struct CellView {
    kind: &'static str,
    value: String,
    budget: String,
}

/// A firmware: tiles and rows, the largest part first.
struct MapView {
    id: String,
    title: String,
    version: String,
    total: String,
    tiles: Vec<TileView>,
    rows: Vec<PartView>,
    desc: String,
}

struct TileView {
    x: String,
    y: String,
    width: String,
    height: String,
    /// One of the colours of lines.
    colour: usize,
    title: String,
    name: Option<String>,
    size: String,
}

struct PartView {
    name: String,
    size: String,
    share: String,
    change: String,
}

/// The page of the tiny host; it is there even if nothing was measured.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let lines = site.history.suites.get(SUITE);
    let mut boards: BTreeMap<String, BTreeMap<&str, BTreeMap<&str, &Line>>> = BTreeMap::new();
    let mut firmwares: BTreeMap<String, Vec<(String, &Line)>> = BTreeMap::new();
    for (key, line) in lines.into_iter().flatten() {
        match part(key) {
            Some((firmware, part)) if key.benchmark == PARTS => {
                firmwares.entry(firmware).or_default().push((part, line));
            }
            _ => {
                let (board, rest) = board(&key.arm);
                let of_board = boards.entry(board).or_default();
                of_board.entry(&key.benchmark).or_default().entry(rest).or_insert(line);
            }
        }
    }
    let known: Vec<_> = OF_BOARD
        .into_iter()
        .filter_map(|(benchmark, metric)| Some((benchmark, Metric::named(metric)?)))
        .collect();
    let maps = firmwares.into_iter().enumerate();
    let page = TinyPage {
        layout: Layout::of(PATH, "Tiny")
            .described("The host on microcontrollers: flash by crate, RAM and instructions."),
        suite_href: lines.map(|_| names::suite_page(SUITE)),
        headings: known.iter().map(|(_, metric)| metric.label).collect(),
        boards: boards
            .into_iter()
            .filter(|(name, _)| name.starts_with("board="))
            .map(|(name, benchmarks)| board_view(site, &name, &benchmarks, &known))
            .collect(),
        maps: maps.filter_map(|(at, (name, parts))| map(site, at, &name, parts)).collect(),
    };
    Ok(vec![Page::of(PATH, render(PATH, &page)?)])
}

/// A firmware and one of its parts, of an arm that is a part.
fn part(key: &LineKey) -> Option<(String, String)> {
    let parameters: Vec<&str> = key.arm.split(',').collect();
    let (parts, others): (Vec<&str>, Vec<&str>) = parameters
        .into_iter()
        .partition(|parameter| parameter.split_once('=').is_some_and(|(name, _)| name == PART));
    let part = parts.first()?.split_once('=')?.1.to_owned();
    Some((others.join(", "), part))
}

/// The board and its concurrency, and the other parameters of an arm.
fn board(arm: &str) -> (String, &str) {
    let is_of_board =
        |parameter: &&str| parameter.starts_with("board=") || parameter.starts_with("concurrency=");
    let parameters: Vec<&str> = arm.split(',').collect();
    let of_board: Vec<&str> = parameters.iter().copied().filter(is_of_board).collect();
    let rest = parameters.iter().position(|it| !is_of_board(it)).map_or("", |at| parameters[at]);
    (of_board.join(", "), rest)
}

fn board_view(
    site: &Site<'_>,
    name: &str,
    benchmarks: &BTreeMap<&str, BTreeMap<&str, &Line>>,
    known: &[(Option<&str>, &'static Metric)],
) -> BoardView {
    let cell = |(only, metric): &(Option<&str>, &'static Metric)| {
        let value = |point: &Point| match point.state(metric) {
            State::Measured { summary, .. } => summary.value,
            _ => f64::NEG_INFINITY,
        };
        let asked = benchmarks.iter().filter(|(name, _)| only.is_none_or(|only| only == **name));
        let lines = asked.flat_map(|(name, lines)| lines.iter().map(move |it| (*name, it)));
        let points = lines.filter_map(|(benchmark, (rest, line))| {
            Some((benchmark, *rest, trend::newest(site.history, line)?))
        });
        let mut points: Vec<(&str, &str, &Point)> = points.collect();
        match only {
            // Of several guests the first that has a value speaks for the board.
            Some(_) => points.sort_by_key(|(.., it)| value(it).is_infinite()),
            None => points.sort_by(|(.., a), (.., b)| value(b).total_cmp(&value(a))),
        }
        let (benchmark, rest, point) = *points.first()?;
        let said = words::said(metric, &point.state(metric));
        let arm = [name.replace(", ", ","), rest.to_owned()].join(",");
        let mut budget = budget(site, benchmark, arm.trim_end_matches(','), metric, point);
        if only.is_none() && !budget.is_empty() {
            budget = format!("{budget}, in {benchmark} {rest}").trim_end().to_owned();
        }
        Some(CellView { kind: said.kind, value: said.value, budget })
    };
    BoardView {
        name: name.to_owned(),
        cells: known.iter().map(|it| cell(it).unwrap_or_default()).collect(),
    }
}

/// What is left of a budget of `bench.toml`.
fn budget(
    site: &Site<'_>,
    benchmark: &str,
    arm: &str,
    metric: &'static Metric,
    point: &Point,
) -> String {
    let State::Measured { summary, .. } = point.state(metric) else { return String::new() };
    let target = &site.history.versions.get(point.measured).target;
    let name = SeriesName { target, suite: SUITE, benchmark, arm, metric };
    let budgets = site.config().gate.iter().flat_map(|gate| &gate.budgets);
    let limits = budgets.filter(|budget| budget.covers.covers(&name)).map(|budget| budget.limit);
    let Some(limit) = limits.reduce(f64::min) else { return String::new() };
    let share = summary.value / limit * 100.0;
    let over = if summary.value > limit { ", exceeded" } else { "" };
    format!("{share:.1} % of {}{over}", metric.display(limit))
}

fn map(site: &Site<'_>, at: usize, name: &str, parts: Vec<(String, &Line)>) -> Option<MapView> {
    let metric = Metric::named("flash_part_bytes")?;
    let mut sized: Vec<(String, f64, Option<f64>)> = Vec::new();
    let mut version = None;
    for (part, line) in parts {
        let Some(point) = trend::newest(site.history, line) else { continue };
        let State::Measured { summary, .. } = point.state(metric) else { continue };
        version = version.max(Some(point.measured));
        sized.push((part, summary.value, before(site, line, point, metric)));
    }
    sized.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let total: f64 = sized.iter().map(|(_, size, _)| size).sum();
    let version = site.history.versions.get(version?).label();
    let bytes = |size: f64| format!("{} bytes", words::grouped(size));
    let largest: Vec<String> = sized
        .iter()
        .take(3)
        .map(|(part, size, _)| format!("{part} {:.1} %", size / total * 100.0))
        .collect();
    let rows = sized.iter().map(|(part, size, before)| PartView {
        name: part.clone(),
        size: bytes(*size),
        share: format!("{:.1} %", size / total * 100.0),
        change: match before {
            None => "new".to_owned(),
            Some(before) if before == size => "none".to_owned(),
            Some(before) => {
                format!("{}{}", if size > before { "+" } else { "-" }, bytes((size - before).abs()))
            }
        },
    });
    Some(MapView {
        id: format!("firmware-{at}"),
        title: name.to_owned(),
        version,
        total: format!("{} ({})", bytes(total), Unit::Bytes.display(total)),
        desc: format!("{} parts; the largest: {}", sized.len(), largest.join(", ")),
        rows: rows.collect(),
        tiles: tiles(&sized, total),
    })
}

/// The value at the version before, on the same testbed and of one definition.
fn before(site: &Site<'_>, line: &Line, newest: &Point, metric: &Metric) -> Option<f64> {
    let runs = &site.history.runs;
    let older = line
        .points
        .iter()
        .filter(|point| point.at != newest.at && point.segment(runs) == newest.segment(runs));
    let before =
        older.max_by_key(|it| (site.history.versions.rank(it.at), site.history.rank(it)))?;
    match before.state(metric) {
        State::Measured { summary, .. } => Some(summary.value),
        _ => None,
    }
}

fn tiles(sized: &[(String, f64, Option<f64>)], total: f64) -> Vec<TileView> {
    let nowhere = Rect { x: 0.0, y: 0.0, w: 0.0, h: 0.0 };
    let mut placed: Vec<(&str, f64, Rect<f64>)> = sized
        .iter()
        .filter(|(_, size, _)| *size > 0.0)
        .map(|(part, size, _)| (part.as_str(), *size, nowhere))
        .collect();
    let whole = Rect { x: 0.0, y: 0.0, w: WIDTH, h: HEIGHT };
    streemap::squarify(
        whole,
        &mut placed[..],
        |(_, size, _)| *size,
        |(.., rect), place| *rect = place,
    );
    let tile = |(at, (part, size, rect)): (usize, &(&str, f64, Rect<f64>))| {
        let letters = ((rect.w - 12.0) / LETTER).max(0.0) as usize;
        let fits = rect.w >= ROOM_FOR_TEXT.0 && rect.h >= ROOM_FOR_TEXT.1 && letters > 3;
        let short = |name: &str| {
            if name.chars().count() <= letters {
                return name.to_owned();
            }
            name.chars().take(letters - 1).chain(['…']).collect()
        };
        let share = size / total * 100.0;
        TileView {
            x: format!("{:.1}", rect.x),
            y: format!("{:.1}", rect.y),
            width: format!("{:.1}", rect.w),
            height: format!("{:.1}", rect.h),
            colour: at % 6 + 1,
            title: format!("{part}: {} bytes, {share:.1} %", words::grouped(*size)),
            name: fits.then(|| short(part)),
            size: format!("{share:.1} %"),
        }
    };
    placed.iter().enumerate().map(tile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_as_large_as_their_parts_and_fill_the_map() {
        let sized: Vec<(String, f64, Option<f64>)> = (1..=30)
            .rev()
            .map(|size| (format!("crate-{size}"), f64::from(size * size), None))
            .collect();
        let total: f64 = sized.iter().map(|(_, size, _)| size).sum();
        let mut area = 0.0;
        for (tile, (part, size, _)) in tiles(&sized, total).iter().zip(&sized) {
            let [width, height] = [&tile.width, &tile.height].map(|it| it.parse::<f64>().unwrap());
            let expected = size / total * WIDTH * HEIGHT;
            // Rounded to a tenth of a pixel on both sides.
            assert!((width * height - expected).abs() < 0.1 * (width + height), "{part}");
            area += width * height;
        }
        assert!((area / (WIDTH * HEIGHT) - 1.0).abs() < 0.01);
        assert!(tiles(&[("nothing".to_owned(), 0.0, None)], 1.0).is_empty());
    }

    #[test]
    fn arms_are_told_apart() {
        let key = |arm: &str| LineKey {
            benchmark: PARTS.to_owned(),
            target: "tiny".to_owned(),
            arm: arm.to_owned(),
        };
        let of = |arm| part(&key(arm));
        let expected = ("board=virt, concurrency=on".to_owned(), "wasmtime".to_owned());
        assert_eq!(of("board=virt,concurrency=on,part=wasmtime"), Some(expected));
        assert_eq!(of("board=virt"), None);
        assert_eq!(
            board("board=virt,concurrency=on,guest=core"),
            ("board=virt, concurrency=on".to_owned(), "guest=core")
        );
    }
}
