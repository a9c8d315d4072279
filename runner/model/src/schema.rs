//! JSON Schemas of the files that people and other programs write, made from the types that
//! read them, so that editors complete and check what this crate would refuse. A schema says
//! less than the reader: what depends on other fields is told by `bench suite check` only.

use crate::metric::METRICS;
use crate::{bundle, config, suite};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// Every file that has a schema: its name and what it is.
pub const SCHEMAS: &[(&str, &str)] = &[
    ("suite", "suites/NAME/suite.toml: a question, and the benchmarks that answer it"),
    ("bench", "bench.toml: targets, profiles, thresholds, what is published"),
    ("bundle", "One line of a bundle of runs (JSON Lines), as bench export and publish write it"),
];

/// The schema of that name as JSON, indented; `None` if it is none of [`SCHEMAS`].
/// Draft 7, which editors understand best.
pub fn schema(name: &str) -> Option<String> {
    let (_, about) = SCHEMAS.iter().find(|(known, _)| *known == name)?;
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = match name {
        "suite" => suite::schema(generator),
        "bench" => config::schema(generator),
        _ => bundle::schema(generator),
    };
    schema.insert("title".to_owned(), name.into());
    schema.insert("description".to_owned(), (*about).into());
    // The alternate form of a value indents, and cannot fail.
    Some(format!("{:#}\n", schema.as_value()))
}

/// The name of a metric, in schemas; elsewhere it is text that is looked up.
pub(crate) enum MetricName {}

impl JsonSchema for MetricName {
    fn schema_name() -> Cow<'static, str> {
        "Metric".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}
