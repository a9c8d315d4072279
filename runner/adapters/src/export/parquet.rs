//! The flat table as a Parquet file: a group of rows a run, columns compressed with gzip.
//! The crate's writer of columns is used without arrow, which would be most of its compile.

use super::ExportError;
use super::record::{self, Record};
use model::Run;
use parquet::basic::{Compression, GzipLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::io::{self, Write};
use std::sync::Arc;

/// How a column's value is taken from a row.
enum Take {
    Text(fn(&Record<'_>) -> String),
    MaybeText(fn(&Record<'_>) -> Option<String>),
    Number(fn(&Record<'_>) -> u32),
    MaybeNumber(fn(&Record<'_>) -> Option<u32>),
    MaybeFloat(fn(&Record<'_>) -> Option<f64>),
}

/// The columns, in order, as CSV has them.
static COLUMNS: [(&str, Take); 21] = [
    ("run", Take::Text(|row| row.run.to_owned())),
    ("started_at", Take::Text(|row| row.started_at.clone())),
    ("profile", Take::Text(|row| row.profile.to_owned())),
    ("status", Take::Text(|row| row.status.to_owned())),
    ("epoch", Take::Text(|row| row.epoch.to_owned())),
    ("target", Take::Text(|row| row.target.to_owned())),
    ("version", Take::Text(|row| row.version.to_owned())),
    ("commit", Take::MaybeText(|row| row.commit.map(str::to_owned))),
    ("binary_sha256", Take::Text(|row| row.binary_sha256.to_owned())),
    ("suite", Take::Text(|row| row.suite.to_owned())),
    ("benchmark", Take::Text(|row| row.benchmark.to_owned())),
    ("arm", Take::Text(|row| row.arm.to_owned())),
    ("block", Take::Number(|row| row.block)),
    ("round", Take::Number(|row| row.round)),
    ("outcome", Take::Text(|row| row.outcome.to_owned())),
    ("labels", Take::Text(|row| row.labels.to_owned())),
    ("metric", Take::MaybeText(|row| row.metric.map(str::to_owned))),
    ("unit", Take::MaybeText(|row| row.unit.map(str::to_owned))),
    ("index", Take::MaybeNumber(|row| row.index)),
    ("value", Take::MaybeFloat(|row| row.value)),
    ("reason", Take::MaybeText(|row| row.reason.map(str::to_owned))),
];

impl Take {
    fn declaration(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Text(_) => ("REQUIRED", "BYTE_ARRAY", " (UTF8)"),
            Self::MaybeText(_) => ("OPTIONAL", "BYTE_ARRAY", " (UTF8)"),
            Self::Number(_) => ("REQUIRED", "INT32", ""),
            Self::MaybeNumber(_) => ("OPTIONAL", "INT32", ""),
            Self::MaybeFloat(_) => ("OPTIONAL", "DOUBLE", ""),
        }
    }
}

/// A column so far: what is there, and for each row whether it is (1) or not (0).
enum Column {
    Text(Vec<ByteArray>, Vec<i16>),
    Number(Vec<i32>, Vec<i16>),
    Float(Vec<f64>, Vec<i16>),
}

impl Column {
    fn new(take: &Take) -> Self {
        match take {
            Take::Text(_) | Take::MaybeText(_) => Self::Text(Vec::new(), Vec::new()),
            Take::Number(_) | Take::MaybeNumber(_) => Self::Number(Vec::new(), Vec::new()),
            Take::MaybeFloat(_) => Self::Float(Vec::new(), Vec::new()),
        }
    }

    fn push(&mut self, take: &Take, row: &Record<'_>) {
        let text = |text: String| ByteArray::from(text.into_bytes());
        match (self, take) {
            (Self::Text(values, there), Take::Text(of)) => put(values, there, Some(text(of(row)))),
            (Self::Text(values, there), Take::MaybeText(of)) => {
                put(values, there, of(row).map(text));
            }
            // Positions of blocks and samples are far below 2^31.
            (Self::Number(values, there), Take::Number(of)) => {
                put(values, there, Some(of(row) as i32));
            }
            (Self::Number(values, there), Take::MaybeNumber(of)) => {
                put(values, there, of(row).map(|it| it as i32));
            }
            (Self::Float(values, there), Take::MaybeFloat(of)) => put(values, there, of(row)),
            _ => {}
        }
    }

    fn write(
        &self,
        take: &Take,
        group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    ) -> Result<(), ParquetError> {
        let is_optional = take.declaration().0 == "OPTIONAL";
        match self {
            Self::Text(values, there) => {
                column::<ByteArrayType>(group, values, is_optional.then_some(there))
            }
            Self::Number(values, there) => {
                column::<Int32Type>(group, values, is_optional.then_some(there))
            }
            Self::Float(values, there) => {
                column::<DoubleType>(group, values, is_optional.then_some(there))
            }
        }
    }
}

fn put<T>(values: &mut Vec<T>, there: &mut Vec<i16>, value: Option<T>) {
    there.push(i16::from(value.is_some()));
    values.extend(value);
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[T::T],
    there: Option<&Vec<i16>>,
) -> Result<(), ParquetError> {
    let Some(mut writer) = group.next_column()? else {
        return Err(ParquetError::General("more columns than the schema has".to_owned()));
    };
    writer.typed::<T>().write_batch(values, there.map(Vec::as_slice), None)?;
    writer.close()
}

pub(super) fn write(runs: &[Run], out: &mut dyn Write) -> Result<(), ExportError> {
    let mut bytes = Vec::new();
    file(runs, &mut bytes).map_err(|error| ExportError::Io(io::Error::other(error)))?;
    Ok(out.write_all(&bytes)?)
}

fn schema() -> String {
    let columns = COLUMNS.iter().map(|(name, take)| {
        let (presence, kind, of) = take.declaration();
        format!("{presence} {kind} {name}{of};\n")
    });
    format!("message samples {{\n{}}}", columns.collect::<String>())
}

fn file(runs: &[Run], bytes: &mut Vec<u8>) -> Result<(), ParquetError> {
    let compression = Compression::GZIP(GzipLevel::default());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let schema = Arc::new(parse_message_type(&schema())?);
    let mut writer = SerializedFileWriter::new(bytes, schema, Arc::new(properties))?;
    for run in runs {
        let mut columns: Vec<Column> = COLUMNS.iter().map(|(_, take)| Column::new(take)).collect();
        record::each(run, &mut |row| {
            let filled = columns.iter_mut().zip(&COLUMNS);
            filled.for_each(|(column, (_, take))| column.push(take, row));
            Ok::<(), ParquetError>(())
        })?;
        let mut group = writer.next_row_group()?;
        for (column, (_, take)) in columns.iter().zip(&COLUMNS) {
            column.write(take, &mut group)?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}
