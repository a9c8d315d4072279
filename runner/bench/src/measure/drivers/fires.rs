//! Driver `fires`: something that a host does at every interval, how evenly it
//! does it and how often it does not, by the moments that the workload itself
//! noted; alone, or while another component is asked.

use super::Driven;
use crate::measure::block::{call, request_timeout};
use crate::measure::cast::Broken;
use crate::measure::stage::{Stage, Started, Variation};
use load::{Mode, Placement, Plan};
use model::Fires;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const SLICE: Duration = Duration::from_millis(100);
/// What is waited for beyond the time that the fires need.
const EXTRA: Duration = Duration::from_millis(100);
/// How many times as long as they need they may take.
const PATIENCE: u32 = 10;
/// What is read of the moments at most.
const MOMENTS_BYTES: u64 = 1 << 20;

pub(super) fn drive(stage: &Stage<'_>, fires: &Fires) -> Result<Driven, Broken> {
    stage.with_host(&Variation::default(), |started| {
        let moments_ns = moments_while_asked(stage, started, fires)?;
        let every_ns = f64::from(fires.every_ms) * 1e6;
        let (intervals, missed) = intervals(&moments_ns, every_ns)?;
        let mut driven = Driven::default();
        let m = &mut driven.measurements;
        m.insert("fire_jitter_ns", intervals.iter().map(|it| (it - every_ns).abs()).collect());
        m.insert("fires_missed", vec![missed]);
        Ok(driven)
    })
}

/// A right answer to the request, and two moments that can be read.
pub(super) fn check(stage: &Stage<'_>, fires: &Fires) -> Result<(), Broken> {
    stage.with_host(&Variation::default(), |started| {
        let call = call(stage.arm, started.ready.addr);
        load::ask_once(&call, request_timeout()).map_err(|failure| failure.to_string())?;
        let fires = Fires { count: 2, ..fires.clone() };
        await_moments(stage, started.ready.addr, &fires).map(drop)
    })
}

/// The moments of so many fires, during which there is load if the arm has any.
fn moments_while_asked(
    stage: &Stage<'_>,
    started: &Started<'_>,
    fires: &Fires,
) -> Result<Vec<u64>, String> {
    let addr = started.ready.addr;
    let needed = Duration::from_millis(u64::from(fires.every_ms) * u64::from(fires.count)) + EXTRA;
    let call = call(stage.arm, addr);
    match stage.arm.load.connections as usize {
        0 => {
            load::ask_once(&call, request_timeout()).map_err(|failure| failure.to_string())?;
            thread::sleep(needed);
        }
        connections => {
            let plan = Plan {
                warmup: Duration::ZERO,
                slices: needed.as_millis().div_ceil(SLICE.as_millis()) as usize,
                slice: SLICE,
                request_timeout: request_timeout(),
                placement: match stage.bench.placement.generator.as_slice() {
                    [] => Placement::Floating { threads: 1 },
                    cpus => Placement::Pinned(cpus.to_vec()),
                },
                ..Plan::new(vec![call], Mode::Closed { connections })
            };
            load::run(&plan, stage.bench.cancel, || ()).map_err(|stopped| stopped.to_string())?;
        }
    }
    await_moments(stage, addr, fires)
}

fn await_moments(stage: &Stage<'_>, addr: SocketAddr, fires: &Fires) -> Result<Vec<u64>, String> {
    let every = Duration::from_millis(fires.every_ms.into());
    let deadline = Instant::now() + EXTRA + every * fires.count * PATIENCE;
    loop {
        let mut moments_ns = moments(addr, &fires.path)?;
        if moments_ns.len() >= fires.count as usize {
            moments_ns.truncate(fires.count as usize);
            return Ok(moments_ns);
        }
        if stage.bench.is_cancelled() || Instant::now() > deadline {
            let seen = moments_ns.len();
            return Err(format!("{seen} of {} fires were noted in time", fires.count));
        }
        thread::sleep(every);
    }
}

/// Asks for the moments, one a line, in nanoseconds. In HTTP/1.0, whose bodies
/// end with the connection.
fn moments(addr: SocketAddr, path: &str) -> Result<Vec<u64>, String> {
    let failed = |error: std::io::Error| format!("asking {path} for the moments: {error}");
    let mut text = String::new();
    let mut stream = TcpStream::connect_timeout(&addr, request_timeout()).map_err(failed)?;
    stream.set_read_timeout(Some(request_timeout())).map_err(failed)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {addr}\r\n\r\n").map_err(failed)?;
    stream.take(MOMENTS_BYTES).read_to_string(&mut text).map_err(failed)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(format!("{path} answered the question for the moments with {status:?}"));
    }
    let moment = |line: &str| {
        line.parse().map_err(|_| format!("{path}: {line:?} is no moment in nanoseconds"))
    };
    body.lines().map(moment).collect()
}

/// The intervals between moments, and how many fires are missing between them.
fn intervals(moments_ns: &[u64], every_ns: f64) -> Result<(Vec<f64>, f64), String> {
    let pairs = moments_ns.windows(2);
    let intervals: Option<Vec<f64>> =
        pairs.map(|pair| Some(pair[1].checked_sub(pair[0])? as f64)).collect();
    let intervals = intervals.ok_or("the clock of the moments went backwards")?;
    let due = (intervals.iter().sum::<f64>() / every_ns).round();
    Ok((intervals.clone(), (due - intervals.len() as f64).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_is_not_missed_and_what_is_left_out_is() {
        let check = |moments: &[u64], expected: &[f64], missed: f64| {
            assert_eq!(intervals(moments, 20.0), Ok((expected.to_vec(), missed)), "{moments:?}");
        };
        check(&[100, 120, 140], &[20.0, 20.0], 0.0);
        check(&[100, 135, 140], &[35.0, 5.0], 0.0);
        check(&[100, 120, 180], &[20.0, 60.0], 2.0);
        assert!(intervals(&[100, 90], 20.0).is_err());
    }
}
