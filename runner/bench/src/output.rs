//! How text reaches the user: colour only on a terminal, errors on standard
//! error as one sentence with its causes, tables without decoration.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// Red and bold.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Green.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Yellow.
pub(crate) const UNSURE: Style = AnsiColor::Yellow.on_default();
/// Dimmed.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// Bold.
pub(crate) const STRONG: Style = Style::new().bold();

/// Prints an error with its causes on one line, and below it the line of a file it is about.
pub(crate) fn error(error: &anyhow::Error) {
    anstream::eprintln!("{BAD}error{BAD:#}: {error:#}");
    let told = error.chain().find_map(|cause| cause.downcast_ref::<model::Diagnostic>());
    if let Some(excerpt) = told.and_then(|diagnostic| diagnostic.excerpt.as_ref()) {
        anstream::eprintln!("{QUIET}{excerpt}{QUIET:#}");
    }
}

/// Prints a note that is not a result.
pub(crate) fn note(text: &str) {
    anstream::eprintln!("{QUIET}{text}{QUIET:#}");
}

/// A table with a heading; columns named in `right` hold numbers.
pub(crate) fn table(headings: &[&str], right: &[usize], rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings.iter().map(|heading| format!("{STRONG}{heading}{STRONG:#}")))
        .add_rows(rows);
    for index in right {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Columns of the terminal; 80 where there is none.
pub(crate) fn width() -> usize {
    Table::new().width().map_or(80, usize::from)
}
