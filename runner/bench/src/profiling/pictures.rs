//! Flame graphs as SVG, by inferno. A file that is opened by itself lets one zoom and
//! search; where scripts are not permitted, as on the site, the picture stays.

use super::stacks::Stacks;
use anyhow::{Context, Result};
use inferno::differential;
use inferno::flamegraph::{self, Options, Palette, color::MultiPalette};

/// Wide enough for names, narrow enough for a page.
const WIDTH: usize = 1400;
/// What one sample is called.
const UNIT: &str = "samples";

/// Where the time of one version goes.
///
/// # Errors
/// When there is nothing to draw.
pub(super) fn flame(stacks: &Stacks, title: &str, subtitle: &str) -> Result<Vec<u8>> {
    let mut options = options(title, subtitle);
    options.colors = Palette::Multi(MultiPalette::Rust);
    let text = stacks.to_text();
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, text.lines(), &mut svg)
        .with_context(|| format!("drawing {title}"))?;
    Ok(svg)
}

/// What differs in B: its widths are B's, and its colours say what grew (red) and what
/// shrank (blue) against A, as shares of all samples.
///
/// # Errors
/// When there is nothing to draw.
pub(super) fn difference(a: &Stacks, b: &Stacks, title: &str, subtitle: &str) -> Result<Vec<u8>> {
    let mut rows = Vec::new();
    let normalized = differential::Options { normalize: true, ..differential::Options::default() };
    let (a, b) = (a.to_text(), b.to_text());
    differential::from_readers(normalized, a.as_bytes(), b.as_bytes(), &mut rows)
        .with_context(|| format!("comparing stacks for {title}"))?;
    let mut svg = Vec::new();
    flamegraph::from_reader(&mut options(title, subtitle), rows.as_slice(), &mut svg)
        .with_context(|| format!("drawing {title}"))?;
    Ok(svg)
}

fn options<'o>(title: &str, subtitle: &str) -> Options<'o> {
    let mut options = Options::default();
    options.title = title.to_owned();
    options.subtitle = Some(subtitle.to_owned());
    options.image_width = Some(WIDTH);
    options.count_name = UNIT.to_owned();
    // The same stacks give the same colours.
    options.hash = true;
    options.deterministic = true;
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_name_functions_and_say_what_grew() {
        let a = Stacks::of_folded("t;main;old 90\nt;main;same 10\n").unwrap();
        let b = Stacks::of_folded("t;main;new 90\nt;main;same 10\n").unwrap();
        let svg = String::from_utf8(flame(&a, "native <1>", "http-invoke").unwrap()).unwrap();
        assert!(svg.contains("old (90 samples, 90.00%)"), "{svg}");
        assert!(svg.contains("native &lt;1&gt;"), "titles are escaped");
        let svg = String::from_utf8(difference(&a, &b, "d", "").unwrap()).unwrap();
        assert!(svg.contains("new (90 samples, 90.00%; +90.00%)"), "{svg}");
        assert!(flame(&Stacks::default(), "none", "").is_err());
    }
}
