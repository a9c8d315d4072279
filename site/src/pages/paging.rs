//! Long lists, page by page.

/// Rows of a page.
pub(crate) const ROWS: usize = 200;

/// Where a page of a list stands among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// From the site's root.
    pub(crate) path: String,
    /// What is on it: `1 to 200 of 431`.
    pub(crate) shown: String,
    pub(crate) newer: Option<String>,
    pub(crate) older: Option<String>,
}

/// The pages of a list whose first is `name.html`; there is always a first.
pub(crate) fn chunks<'a, T>(name: &str, rows: &'a [T]) -> Vec<(Position, &'a [T])> {
    let pages = rows.len().div_ceil(ROWS).max(1);
    let path = |page: usize| match page {
        0 => format!("{name}.html"),
        page => format!("{name}-{}.html", page + 1),
    };
    (0..pages)
        .map(|page| {
            let (from, to) = (page * ROWS, rows.len().min((page + 1) * ROWS));
            let position = Position {
                path: path(page),
                shown: match rows.len() {
                    0 => "none".to_owned(),
                    all if pages == 1 => format!("all {all}"),
                    all => format!("{} to {to} of {all}", from + 1),
                },
                newer: page.checked_sub(1).map(path),
                older: (page + 1 < pages).then(|| path(page + 1)),
            };
            (position, &rows[from..to])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_on_one_page() {
        for (rows, expected) in [
            (0, "list.html: none"),
            (1, "list.html: all 1"),
            (200, "list.html: all 200"),
            (
                401,
                "list.html: 1 to 200 of 401; list-2.html: 201 to 400 of 401; \
                   list-3.html: 401 to 401 of 401",
            ),
        ] {
            let rows: Vec<usize> = (0..rows).collect();
            let pages = chunks("list", &rows);
            let told: Vec<String> =
                pages.iter().map(|(at, _)| format!("{}: {}", at.path, at.shown)).collect();
            assert_eq!(told.join("; "), expected);
            let all: Vec<usize> = pages.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
            assert_eq!(all, rows);
            assert!(pages.windows(2).all(|two| two[0].0.older.as_ref() == Some(&two[1].0.path)));
        }
    }
}
