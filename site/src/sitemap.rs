//! `sitemap.xml`: every page, for search engines (sitemaps.org). Its format wants
//! whole addresses, so it is made only where `bench.toml` says where the site lies.

use crate::escape::escape;
use crate::pages::missing;

/// Its path from the site's root.
pub(crate) const PATH: &str = "sitemap.xml";
/// What a sitemap may hold; whoever has more finds the rest by links.
const MOST_PAGES: usize = 50_000;

/// The pages among the files of a site, as a sitemap. Pages of suites come before
/// those of series and runs, which are many.
pub(crate) fn text(url: &str, files: &[String]) -> String {
    let is_page = |path: &&String| path.ends_with(".html") && *path != missing::PATH;
    let mut pages: Vec<&String> = files.iter().filter(is_page).collect();
    pages.sort_by_key(|path| (path.matches('/').count(), path.as_str()));
    let entries: String = pages
        .into_iter()
        .take(MOST_PAGES)
        .map(|path| {
            let path = path.strip_suffix("index.html").unwrap_or(path);
            format!("<url><loc>{}{}</loc></url>\n", escape(url), escape(path))
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{entries}</urlset>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_their_whole_address() {
        let files = ["404.html", "a/b.html", "index.html", "style.css"].map(str::to_owned);
        let text = text("https://example.org/x/", &files);
        expect_test::expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
            <url><loc>https://example.org/x/</loc></url>
            <url><loc>https://example.org/x/a/b.html</loc></url>
            </urlset>
        "#]]
        .assert_eq(&text);
    }
}
