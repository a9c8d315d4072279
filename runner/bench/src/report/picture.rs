//! The blocks of both sides as two rows of columns over one axis: whether the
//! distributions lie apart, have two peaks or a tail, shows at a glance where a
//! ratio does not.

const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Both sides over a common axis.
pub(crate) struct Picture {
    /// How many of A's blocks fall in each column.
    pub(crate) a: Vec<usize>,
    /// Likewise of B.
    pub(crate) b: Vec<usize>,
    /// The ends of the axis.
    pub(crate) ends: (f64, f64),
}

impl Picture {
    /// Sorts values into `columns` of equal width; `None` without two different
    /// finite values.
    pub(crate) fn of(blocks: &[Vec<f64>; 2], columns: usize) -> Option<Self> {
        let all = || blocks.iter().flatten().copied();
        let low = all().fold(f64::INFINITY, f64::min);
        let high = all().fold(f64::NEG_INFINITY, f64::max);
        if columns == 0 || !(low < high && (high - low).is_finite()) {
            return None;
        }
        let counted = |values: &[f64]| {
            let mut counts = vec![0; columns];
            for value in values {
                let column = ((value - low) / (high - low) * columns as f64) as usize;
                counts[column.min(columns - 1)] += 1;
            }
            counts
        };
        Some(Self { a: counted(&blocks[0]), b: counted(&blocks[1]), ends: (low, high) })
    }

    /// The fullest column of both sides.
    pub(crate) fn most(&self) -> usize {
        self.a.iter().chain(&self.b).copied().max().unwrap_or(0).max(1)
    }

    /// Three lines: A, B, and the axis with its ends.
    pub(crate) fn lines(&self, show: impl Fn(f64) -> String) -> [String; 3] {
        let most = self.most();
        let row = |counts: &[usize]| -> String {
            counts.iter().map(|&count| HEIGHTS[(count * 8).div_ceil(most)]).collect()
        };
        let (low, high) = (show(self.ends.0), show(self.ends.1));
        let gap = self.a.len().saturating_sub(low.chars().count() + high.chars().count()).max(1);
        [
            format!("A {}", row(&self.a)),
            format!("B {}", row(&self.b)),
            format!("  {low}{}{high}", " ".repeat(gap)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;
    use expect_test::expect;

    #[test]
    fn both_sides_stand_over_one_axis() {
        let a = vec![10.0, 10.2, 10.3, 10.3, 10.4, 11.0];
        let b = vec![11.0, 11.1, 11.1, 11.2, 11.3, 12.0];
        let picture = Picture::of(&[a, b], 20).unwrap();
        let lines = picture.lines(|value| format!("{value:.1} ms")).join("\n");
        expect![[r#"
            A ▃▃ ▆▃     ▃         
            B           █▃ ▃     ▃
              10.0 ms      12.0 ms"#]]
        .assert_eq(&lines);
    }

    #[test]
    fn what_does_not_differ_has_no_picture() {
        for blocks in [
            [vec![], vec![]],
            [vec![1.0], vec![1.0]],
            [vec![f64::NAN], vec![1.0]],
            [vec![-f64::MAX], vec![f64::MAX]],
        ] {
            assert!(Picture::of(&blocks, 20).is_none(), "{blocks:?}");
        }
        assert!(Picture::of(&[vec![1.0], vec![2.0]], 0).is_none());
    }
}
