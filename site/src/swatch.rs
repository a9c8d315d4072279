//! A piece of line with its marker, for legends.

use crate::palette::LineStyle;

/// The piece of line as an `svg` element; what it means stands beside it.
pub(crate) fn svg(style: LineStyle) -> String {
    let colour = style.attribute();
    let corners: Vec<String> =
        style.marker.corners(10).iter().map(|(x, y)| format!("{},{}", 40 + x, 16 + y)).collect();
    format!(
        "<svg viewBox=\"0 0 80 32\" aria-hidden=\"true\" focusable=\"false\">\
         <polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"4\" points=\"2,16 78,16\"/>\
         <polygon fill=\"{colour}\" stroke=\"#0A0001\" stroke-width=\"2\" points=\"{}\"/></svg>",
        corners.join(" ")
    )
}
