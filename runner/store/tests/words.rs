//! Error texts in a form that can be read in an assertion.

/// One clause a line; otherwise the exact words.
pub(crate) fn clauses(error: &impl ToString) -> String {
    let text = error.to_string().replace("; ", ";\n");
    text.replace(". ", ".\n").replace(" (run ", "\n(run ").replace(": its ", ":\nits ")
}
