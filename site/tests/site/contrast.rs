//! Contrast after WCAG 2.2: 4.5 for text, 3 for what is drawn.

use std::collections::BTreeMap;

const CSS: &str = include_str!("../../static/style.css");

#[test]
fn text_and_drawings_stand_out_in_light_and_dark() {
    let light = variables(CSS.split("@media").next().unwrap());
    let dark = variables(CSS.split("@media").nth(1).unwrap());
    for (scheme, colours) in [("light", &light), ("dark", &dark)] {
        let check = |front: &str, back: &str, least: f64| {
            let contrast = contrast(&colours[front], &colours[back]);
            assert!(contrast >= least, "{scheme}: {front} on {back} is only {contrast:.2}");
        };
        for ground in ["ground", "panel", "sunken"] {
            for text in ["ink", "muted", "accent", "caution", "bad"] {
                check(text, ground, 4.5);
            }
        }
        check("accent", "accent-soft", 4.5);
        check("caution", "caution-soft", 4.5);
        check("ink", "caution-soft", 4.5);
        let lines = ["line-1", "line-2", "line-3", "line-4", "line-5", "line-6", "anchor"];
        for line in lines {
            check(line, "panel", 3.0);
        }
    }
}

/// `--name: #rrggbb;` of a part of the style sheet.
fn variables(css: &str) -> BTreeMap<String, String> {
    let declarations = css.lines().filter_map(|line| line.trim().strip_prefix("--"));
    declarations
        .filter_map(|declaration| declaration.trim_end_matches(';').split_once(": #"))
        .map(|(name, colour)| (name.to_owned(), colour.to_owned()))
        .collect()
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}
