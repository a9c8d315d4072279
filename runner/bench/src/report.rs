//! A comparison as text: for the terminal, as Markdown, as one HTML page. It
//! judges nothing.

pub(crate) mod cells;
pub(crate) mod html;
pub(crate) mod markdown;
pub(crate) mod picture;
pub(crate) mod terminal;
