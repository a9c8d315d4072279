//! Lines as path data. A long history has more versions than a drawing has
//! columns: then each column keeps its least and its greatest value, so that no
//! extreme is lost. It must not know what values mean.

use std::fmt::Write as _;

/// Columns of a drawing; more could not be told apart.
pub(crate) const COLUMNS: usize = 180;
/// Units of a drawing: across, and down.
pub(crate) const ACROSS: i64 = 1000;
pub(crate) const DOWN: i64 = 1000;

/// Names along the axis.
const NAMES: usize = 4;

/// How many places share a column.
pub(crate) fn places_a_column(places: usize) -> usize {
    places.div_ceil(COLUMNS).max(1)
}

/// The places that are named along the axis: first, last, and some between.
pub(crate) fn named_places(count: usize) -> Vec<usize> {
    if count <= NAMES {
        (0..count).collect()
    } else {
        (0..NAMES).map(|step| step * (count - 1) / (NAMES - 1)).collect()
    }
}

/// The first height from `y` on with room for a marker: none of the letters at these
/// heights would cover it.
pub(crate) fn free_from(y: f64, letters: &[f64]) -> f64 {
    /// Half of a marker and half of a line of letters.
    const APART: f64 = 12.0;
    let in_the_way = letters.iter().find(|letters| (**letters - y).abs() < APART);
    in_the_way.map_or(y, |letters| free_from(letters + APART, &[]))
}

/// Where the middle of a place lies, in units.
pub(crate) fn across(place: usize, places: usize) -> i64 {
    (((place as f64 + 0.5) / places.max(1) as f64) * ACROSS as f64).round() as i64
}

/// The points that are drawn: place and value, in the order of places. First and
/// last are kept, and of each column the least and the greatest.
pub(crate) fn thinned(points: &[(usize, f64)], a_column: usize) -> Vec<(usize, f64)> {
    if a_column <= 1 {
        return points.to_vec();
    }
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| a.0 / a_column == b.0 / a_column) {
        let of = |better: fn(f64, f64) -> bool| {
            let start = column[0];
            column.iter().fold(start, |best, one| if better(one.1, best.1) { *one } else { best })
        };
        let (least, greatest) = (of(|a, b| a < b), of(|a, b| a > b));
        kept.push(if least.0 < greatest.0 { least } else { greatest });
        if least.0 != greatest.0 {
            kept.push(if least.0 < greatest.0 { greatest } else { least });
        }
    }
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        if kept.first() != Some(first) {
            kept.insert(0, *first);
        }
        if kept.last() != Some(last) {
            kept.push(*last);
        }
    }
    kept
}

/// Path data through points in units.
pub(crate) fn line(points: &[(i64, i64)]) -> String {
    let mut data = String::new();
    let mut at: Option<(i64, i64)> = None;
    for &(x, y) in points {
        // Writing to a string cannot fail.
        let _ = match at {
            None => write!(data, "M{x} {y}"),
            Some((from_x, from_y)) => {
                let (dx, dy) = (x - from_x, y - from_y);
                let space = if dy < 0 { "" } else { " " };
                write!(data, "l{dx}{space}{dy}")
            }
        };
        at = Some((x, y));
    }
    data
}

/// Path data of the area between two lines of the same places.
pub(crate) fn area(upper: &[(i64, i64)], lower: &[(i64, i64)]) -> String {
    let around: Vec<(i64, i64)> = upper.iter().chain(lower.iter().rev()).copied().collect();
    if around.is_empty() { String::new() } else { line(&around) + "z" }
}

/// The least value of each column, in the middle of the column's places.
pub(crate) fn least(points: &[(usize, f64)], a_column: usize) -> Vec<(usize, f64)> {
    let columns = points.chunk_by(|a, b| a.0 / a_column == b.0 / a_column);
    columns
        .map(|column| {
            let least = column.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
            (column[column.len() / 2].0, least)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_short() {
        assert_eq!(line(&[(0, 10), (5, 7), (9, 20)]), "M0 10l5-3l4 13");
        assert_eq!(area(&[(0, 1), (5, 1)], &[(0, 3), (5, 4)]), "M0 1l5 0l0 3l-5-1z");
        assert_eq!(area(&[], &[]), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// However long the history, its extremes and its ends are on the drawing,
        /// in order, and there are at most two points a column and the ends.
        #[test]
        fn thinning_keeps_extremes(values in prop::collection::vec(0.1f64..100.0, 1..3000)) {
            let points: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
            let a_column = places_a_column(points.len());
            let kept = thinned(&points, a_column);
            let extremes = |of: &[(usize, f64)]| {
                of.iter().fold((f64::MAX, f64::MIN), |(a, b), (_, v)| (a.min(*v), b.max(*v)))
            };
            prop_assert_eq!(extremes(&kept), extremes(&points));
            prop_assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
            prop_assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(kept.len() <= 2 * COLUMNS + 2);
        }
    }
}
