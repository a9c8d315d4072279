//! A piece of line with its marker, for legends.

use crate::palette::LineStyle;

/// The piece of line as an `svg` element; what it means stands beside it.
pub(crate) fn svg(style: LineStyle) -> String {
    let corners: Vec<String> =
        style.marker.corners(10).iter().map(|(x, y)| format!("{},{}", 40 + x, 16 + y)).collect();
    format!(
        "<svg class=\"{}\" data-line=\"{}\" viewBox=\"0 0 80 32\" aria-hidden=\"true\" focusable=\"false\">\
         <path d=\"M2 16h76\"/>\
         <polygon points=\"{}\"/></svg>",
        style.class(),
        style.key(),
        corners.join(" ")
    )
}
