//! Why a site could not be built or served.

use std::path::PathBuf;

/// Why a site could not be built or served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database could not be read.
    #[error("reading the database for the site")]
    Store(#[from] store::StoreError),
    /// A file could not be written or read.
    #[error("{action} {}", path.display())]
    Io {
        /// What was being done, e.g. `writing`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The output folder holds something else.
    #[error(
        "{} exists and was not made by this program (no `{}` in it): not replacing it; name an empty or new folder",
        path.display(),
        crate::write::MARKER
    )]
    NotASite {
        /// The folder.
        path: PathBuf,
    },
    /// A page could not be rendered.
    #[error("rendering {page}")]
    Render {
        /// The page, from the site's root.
        page: String,
        /// What the template engine said.
        source: askama::Error,
    },
    /// A chart could not be drawn.
    #[error("drawing the chart `{chart}`: {reason}")]
    Chart {
        /// Its title.
        chart: String,
        /// What the drawing library said.
        reason: String,
    },
    /// A series could not be looked at.
    #[error("looking at the history of {series}")]
    Statistics {
        /// Its target, suite, benchmark, arm and metric.
        series: String,
        /// What is wrong with its values.
        source: stats::Error,
    },
    /// Numbers could not be written as JSON.
    #[error("writing the numbers of {file} as JSON")]
    Json {
        /// The file, from the site's root.
        file: String,
        /// What the serializer said.
        source: serde_json::Error,
    },
    /// Two pages would share a file.
    #[error("two pages would be written to {path}")]
    Twice {
        /// The file, from the site's root.
        path: String,
    },
    /// The preview server stopped.
    #[error("serving the site")]
    Serve(#[source] std::io::Error),
}
