//! Markdown (CommonMark with tables) as HTML that is safe on a page: HTML in the text stays
//! text, links lead where the page says or nowhere, nothing is loaded and nothing is styled.

use pulldown_cmark::{Alignment, Event, LinkType, Options, Parser, Tag, TagEnd, html};
use std::collections::BTreeMap;

/// A text as a page shows it.
pub(crate) struct Rendered {
    /// The first heading.
    pub(crate) title: Option<String>,
    /// What may stand in a page as it is.
    pub(crate) html: String,
}

/// Renders a text; `resolve` says where a link that names no other site leads, if anywhere.
pub(crate) fn rendered(text: &str, resolve: impl Fn(&str) -> Option<String>) -> Rendered {
    let events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
    let mut ids = Ids::default();
    let mut title = None;
    let mut safe = Vec::with_capacity(events.len());
    // Whether the link that is open leads anywhere; links do not nest.
    let mut is_link = false;
    let mut tables = 0;
    for (position, event) in events.iter().enumerate() {
        match event.clone() {
            Event::Html(text) | Event::InlineHtml(text) => safe.push(Event::Text(text)),
            Event::Start(Tag::Heading { level, .. }) => {
                let said = heading(&events[position + 1..]);
                let id = Some(ids.of(&said).into());
                title.get_or_insert(said);
                let (classes, attrs) = (Vec::new(), Vec::new());
                safe.push(Event::Start(Tag::Heading { level, id, classes, attrs }));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest =
                    if link_type == LinkType::Email { None } else { to(&dest_url, &resolve) };
                is_link = dest.is_some();
                safe.extend(dest.map(|dest| {
                    let dest_url = dest.into();
                    Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id })
                }));
            }
            Event::End(TagEnd::Link) if !is_link => {}
            // The text in place of the picture stays.
            Event::Start(Tag::Image { .. }) => safe.push(Event::Start(Tag::Emphasis)),
            Event::End(TagEnd::Image) => safe.push(Event::End(TagEnd::Emphasis)),
            Event::Start(Tag::Table(columns)) => {
                tables += 1;
                safe.push(Event::Html(region(tables).into()));
                // Alignments would be styles, which the page's policy forbids.
                safe.push(Event::Start(Tag::Table(vec![Alignment::None; columns.len()])));
            }
            Event::End(TagEnd::Table) => {
                safe.extend([Event::End(TagEnd::Table), Event::Html("</div>\n".into())]);
            }
            other => safe.push(other),
        }
    }
    let mut html = String::new();
    html::push_html(&mut html, safe.into_iter());
    Rendered { title, html }
}

fn region(number: usize) -> String {
    format!("<div class=\"scroll\" role=\"region\" aria-label=\"Table {number}\" tabindex=\"0\">\n")
}

fn to(dest: &str, resolve: impl Fn(&str) -> Option<String>) -> Option<String> {
    let is_web = dest.starts_with("https://") || dest.starts_with("http://");
    if is_web { Some(dest.to_owned()) } else { resolve(dest) }
}

/// The text of the heading that these events go on with.
fn heading(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let texts = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    texts.collect()
}

/// Names of sections, as GitHub gives them, so that the same links lead there.
#[derive(Default)]
struct Ids(BTreeMap<String, usize>);

impl Ids {
    fn of(&mut self, heading: &str) -> String {
        let kept = heading.chars().flat_map(char::to_lowercase).filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        });
        let id: String = kept.collect();
        let before = self.0.entry(id.clone()).or_insert(0);
        *before += 1;
        if *before == 1 { id } else { format!("{id}-{}", *before - 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(text: &str, expected: Expect) {
        let known = |link: &str| (link == "B.md").then(|| "b.html".to_owned());
        expected.assert_eq(&rendered(text, known).html);
    }

    #[test]
    fn what_could_act_on_a_page_stays_text() {
        check("<script>alert(1)</script>", expect!["&lt;script&gt;alert(1)&lt;/script&gt;"]);
        check(
            "a <b onclick=x>b</b>",
            expect![[r#"
            <p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>
        "#]],
        );
        check(
            "[a](javascript:alert(1)) [b](B.md) [c](C.md) <a@b.example>",
            expect![[r#"
            <p>a <a href="b.html">b</a> c a@b.example</p>
        "#]],
        );
        check(
            "![a picture](x.png) https://x.example <https://x.example/?a&b>",
            expect![[r#"
            <p><em>a picture</em> https://x.example <a href="https://x.example/?a&amp;b">https://x.example/?a&amp;b</a></p>
        "#]],
        );
        check(
            "# A `b` c\n\n# A b, c!",
            expect![[r#"
            <h1 id="a-b-c">A <code>b</code> c</h1>
            <h1 id="a-b-c-1">A b, c!</h1>
        "#]],
        );
        check(
            "| a |\n|--:|\n| 1 |",
            expect![[r#"
            <div class="scroll" role="region" aria-label="Table 1" tabindex="0">
            <table><thead><tr><th>a</th></tr></thead><tbody>
            <tr><td>1</td></tr>
            </tbody></table>
            </div>
        "#]],
        );
    }

    proptest! {
        /// Whatever is written, no element begins that Markdown has no words for.
        #[test]
        fn no_text_becomes_an_element_of_its_own(text in "[ -~\n]{0,80}(<|</|<!--)(script|img|style|a href)[ -~\n]{0,80}") {
            let html = rendered(&text, |_| None).html;
            for forbidden in ["<script", "<img", "<style", "<!--", "href=\"javascript"] {
                prop_assert!(!html.contains(forbidden), "{text:?} became {html}");
            }
        }
    }
}
