//! A comparison or a gate as text: for the terminal, as Markdown, as one HTML
//! page, for other programs. It judges nothing.

pub(crate) mod cells;
pub(crate) mod gate;
pub(crate) mod html;
pub(crate) mod markdown;
pub(crate) mod picture;
pub(crate) mod terminal;
