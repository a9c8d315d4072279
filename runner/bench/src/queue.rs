//! Which version comes next, so that a picture appears early: the newest, then
//! releases, then the middle of the largest gap. Pure: positions in, positions
//! out. It must not know what a version is.

/// What is known of a version in a line of them, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whether there is nothing to do for it.
    pub(crate) is_done: bool,
    /// Whether it was released.
    pub(crate) is_release: bool,
}

/// Why a version is where it is in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// Measured before, on another testbed: it links the two.
    Bridge,
    Newest,
    Release,
    Gap,
}

impl Why {
    /// The word people see.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Newest => "newest",
            Self::Release => "release",
            Self::Gap => "gap",
        }
    }
}

/// Everything that is to be done, in this order: the newest version, releases from
/// the newest down, then again and again the middle of the largest gap.
pub(crate) fn queue(line: &[Place]) -> Vec<(usize, Why)> {
    let mut is_done: Vec<bool> = line.iter().map(|place| place.is_done).collect();
    let mut queue = Vec::new();
    if is_done.first() == Some(&false) {
        queue.push((0, Why::Newest));
        is_done[0] = true;
    }
    for (index, place) in line.iter().enumerate() {
        if place.is_release && !is_done[index] {
            queue.push((index, Why::Release));
            is_done[index] = true;
        }
    }
    // The far end bounds a gap too: nothing older is known.
    if let Some(oldest) = is_done.len().checked_sub(1)
        && !is_done[oldest]
    {
        queue.push((oldest, Why::Gap));
        is_done[oldest] = true;
    }
    while let Some(middle) = middle_of_largest_gap(&is_done) {
        queue.push((middle, Why::Gap));
        is_done[middle] = true;
    }
    queue
}

/// Of equal gaps the newer one.
fn middle_of_largest_gap(is_done: &[bool]) -> Option<usize> {
    let mut largest: Option<(usize, usize)> = None;
    let mut begin = 0;
    for end in 0..=is_done.len() {
        if end < is_done.len() && !is_done[end] {
            continue;
        }
        let length = end - begin;
        if length > 0 && largest.is_none_or(|(_, longest)| length > longest) {
            largest = Some((begin, length));
        }
        begin = end + 1;
    }
    largest.map(|(begin, length)| begin + (length - 1) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.` to be done, `r` a release to be done, `x` done.
    fn order(line: &str) -> String {
        let place = |c| Place { is_done: c == 'x', is_release: c == 'r' };
        let line: Vec<Place> = line.chars().map(place).collect();
        let queue = queue(&line);
        queue
            .iter()
            .map(|(at, why)| format!("{at}{}", &why.word()[..1]))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn newest_first_then_releases_then_the_middle_of_gaps() {
        for (line, expected) in [
            ("", ""),
            ("x", ""),
            (".", "0n"),
            ("..x", "0n 1g"),
            (".........", "0n 8g 4g 2g 6g 1g 3g 5g 7g"),
            ("....r...x", "0n 4r 2g 6g 1g 3g 5g 7g"),
            ("x.r.r.x", "2r 4r 1g 3g 5g"),
            ("xx..x.....x", "7g 2g 5g 8g 3g 6g 9g"),
        ] {
            assert_eq!(order(line), expected, "{line}");
        }
    }

    #[test]
    fn everything_comes_once() {
        for length in 0..70 {
            let line = vec![Place { is_done: false, is_release: length % 3 == 0 }; length];
            let mut found: Vec<usize> = queue(&line).into_iter().map(|(at, _)| at).collect();
            found.sort_unstable();
            assert_eq!(found, (0..length).collect::<Vec<_>>());
        }
    }
}
