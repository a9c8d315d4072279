//! From the bytes of a body to runs, without ever holding more than is allowed: a few
//! bytes can unpack to a great many.

use crate::problem::Problem;
use axum::http::StatusCode;
use flate2::bufread::MultiGzDecoder;
use model::Run;
use model::bundle::{self, BundleError};
use std::io::{self, BufReader, Read};

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Runs of one upload.
const MOST_RUNS: usize = 100;

/// Reads the runs of a bundle that is at most so long when it is unpacked.
pub(super) fn runs(body: &[u8], most_bytes: u64) -> Result<Vec<Run>, Problem> {
    let read = if body.starts_with(&GZIP) {
        let unpacked = AtMost { inner: MultiGzDecoder::new(body), left: most_bytes };
        bundle::read(BufReader::new(unpacked))
    } else {
        bundle::read(BufReader::new(AtMost { inner: body, left: most_bytes }))
    };
    let runs = read.map_err(|error| refusal(&error, most_bytes))?;
    if runs.len() > MOST_RUNS {
        let text =
            format!("the bundle holds {} runs; send at most {MOST_RUNS} at once", runs.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    Ok(runs)
}

fn refusal(error: &BundleError, most_bytes: u64) -> Problem {
    match error {
        BundleError::Io(source) if source.kind() == io::ErrorKind::FileTooLarge => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the bundle is longer than {most_bytes} bytes when it is unpacked"),
        ),
        _ => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("not a bundle: {error}")),
    }
}

/// Fails where more would be read.
struct AtMost<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for AtMost<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::ErrorKind::FileTooLarge.into()),
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    #[test]
    fn what_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        let line = vec![b' '; 1 << 20];
        for _ in 0..64 {
            bomb.write_all(&line).unwrap();
        }
        let bomb = bomb.finish().unwrap();
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        let problem = runs(&bomb, 1 << 20).unwrap_err();
        assert_eq!(problem.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(runs(b"nonsense", 100).unwrap_err().status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(runs(&GZIP, 100).unwrap_err().status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}
