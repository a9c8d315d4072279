//! Static pages that show what has been measured, and their preview server.
//!
//! [`build`] folds the runs of a store, one at a time, into the points of
//! series and writes pages that work from any file server, under any path,
//! without JavaScript and without another origin. [`serve`] shows them.
//!
//! What must not be here: SQL (`store`), statistics and verdicts (`stats`),
//! units and directions (`model::Metric`), and anything that writes to the
//! database. [`Live`] is the same history in memory, for a service. Reading order: `builder`, `fold`, `series`, `trend`, `pages`.

mod anchor;
mod bars;
mod bridge;
mod builder;
mod cache;
mod calibration;
mod canvas;
mod chart;
mod chart_path;
mod chart_scale;
mod claim;
mod csv;
mod data;
mod error;
mod escape;
mod feed;
mod fold;
mod folded;
mod found;
mod histories;
mod inputs;
mod judge;
mod kept;
mod live;
mod markdown;
mod marks;
mod names;
mod pages;
mod palette;
mod parallel;
mod picture;
mod prepared;
mod profiles;
mod series;
mod serve;
mod shard;
mod sitemap;
mod slope;
mod source;
mod sparkline;
mod summary;
mod swatch;
mod trend;
mod versions;
mod words;
mod write;

pub use builder::{Built, SiteBuilder, build};
pub use error::Error;
pub use inputs::{AlertNote, Document, GateCheck, GateResult, Inputs, Release};
pub use live::{
    Live, LiveChange, LivePoint, LiveRun, LiveVersion, SeriesName, fold_live, shard_of, terms_of,
};
pub use profiles::{Profile, profile_name, profiles_in};
pub use serve::serve;
pub use source::{RunEntry, entries};
