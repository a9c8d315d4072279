//! GitHub's expressions, as far as the workflows use them: names, texts, `==`, `!=`,
//! `&&`, `||` and `!cancelled()`. A name that nobody gave a value is a mistake here;
//! GitHub would take it for nothing.

use std::collections::BTreeMap;

/// Values by the whole name: `github.event.release.tag_name`.
pub(super) type Context = BTreeMap<String, String>;

/// The text with every `${{ }}` in it replaced.
pub(super) fn filled(text: &str, context: &Context) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").unwrap();
        filled.push_str(before);
        filled.push_str(&value(expression, context));
        rest = after;
    }
    filled + rest
}

/// Whether an `if` lets its step run.
pub(super) fn holds(text: &str, context: &Context) -> bool {
    let inner = text.trim().trim_start_matches("${{").trim_end_matches("}}");
    is_true(&value(inner, context))
}

fn is_true(value: &str) -> bool {
    !matches!(value, "" | "false" | "0")
}

fn value(expression: &str, context: &Context) -> String {
    let mut last = String::new();
    for part in expression.split("||") {
        last = every(part, context);
        if is_true(&last) {
            break;
        }
    }
    last
}

fn every(expression: &str, context: &Context) -> String {
    let mut last = String::new();
    for part in expression.split("&&") {
        last = compared(part, context);
        if !is_true(&last) {
            break;
        }
    }
    last
}

fn compared(expression: &str, context: &Context) -> String {
    let sides = |operator: &str| expression.split_once(operator);
    match (sides("=="), sides("!=")) {
        (Some((a, b)), _) => (atom(a, context) == atom(b, context)).to_string(),
        (_, Some((a, b))) => (atom(a, context) != atom(b, context)).to_string(),
        _ => atom(expression, context),
    }
}

fn atom(expression: &str, context: &Context) -> String {
    let name = expression.trim();
    if let Some(text) = name.strip_prefix('\'') {
        return text.strip_suffix('\'').unwrap().to_owned();
    }
    if name == "!cancelled()" {
        return "true".to_owned();
    }
    let found = context.get(name);
    found.unwrap_or_else(|| panic!("`{name}` has no value in this test")).clone()
}

#[test]
fn expressions_are_what_github_makes_of_them() {
    let context = Context::from([
        ("a".to_owned(), "x".to_owned()),
        ("b".to_owned(), String::new()),
        ("c".to_owned(), "success".to_owned()),
    ]);
    let check = |text: &str, expected: &str| assert_eq!(filled(text, &context), expected, "{text}");
    check("plain", "plain");
    check("v-${{ a }}-${{ b || 'none' }}.", "v-x-none.");
    check("${{ b || a }}", "x");
    check("${{ a == 'x' && c }}", "success");
    assert!(holds("${{ !cancelled() && a != '' }}", &context));
    assert!(!holds("${{ b != '' || c == 'failure' }}", &context));
    assert!(holds("${{ b == 'x' || c == 'success' }}", &context));
}
