//! The flat table as JSON Lines and as CSV (RFC 4180, with a heading).

use super::ExportError;
use super::record;
use model::Run;
use std::io::{self, Write};

pub(super) fn json(runs: &[Run], out: &mut dyn Write) -> Result<(), ExportError> {
    for run in runs {
        record::each(run, &mut |record| {
            serde_json::to_writer(&mut *out, record)?;
            out.write_all(b"\n")
        })?;
    }
    Ok(())
}

pub(super) fn csv(runs: &[Run], out: &mut dyn Write) -> Result<(), ExportError> {
    let mut writer = csv::Writer::from_writer(out);
    for run in runs {
        record::each(run, &mut |record| writer.serialize(record).map_err(io::Error::from))?;
    }
    Ok(writer.flush()?)
}
