//! What a benchmark asks, what must come back, and how hard it asks, as it is
//! written; and the same with one arm's parameters filled in.
//!
//! Text may hold `{parameter}`, and so may every number. Bodies are full of
//! braces of their own, so there a name that is no parameter stays as it is.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::digest::{Digest, Hasher};
use crate::spanned::Spanned;
use crate::suite::expand::{substitute, substitute_known};
use crate::suite::{Arm, Driver, Exchange, Expect, ExpectBody, HttpLoad, Request, RequestBody};
use schemars::JsonSchema;
use serde::Deserialize;
use std::ops::Range;

/// Longest generated body, and most requests of one arm.
const MAX_BODY_BYTES: u64 = 1 << 30;
const MAX_REQUESTS: u64 = 10_000;

const TWO_REQUESTS: &str =
    "driver recovery needs two `requests`: what makes it crash, and what workloads are asked";

/// A number, or text that becomes one with its parameters filled in.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, or text such as \"{size}\"")]
enum WireNumber {
    Whole(u64),
    Fraction(f64),
    Text(String),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRequest {
    method: Option<String>,
    path: Option<String>,
    host: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_bytes: Option<WireNumber>,
    /// In `requests` only.
    expect: Option<WireExpect>,
    /// In `requests` only.
    repeat: Option<WireNumber>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireExpect {
    status: u16,
    body: Option<String>,
    body_sha256: Option<Digest>,
    body_bytes: Option<WireNumber>,
    #[serde(default)]
    headers: Vec<(String, String)>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireLoad {
    connections: Option<WireNumber>,
    warmup_ms: Option<WireNumber>,
    measure_ms: Option<WireNumber>,
    rate_rps: Option<WireNumber>,
    saturation_share: Option<WireNumber>,
    requests: Option<WireNumber>,
}

/// `request` with `expect`, or `requests`.
pub(super) struct WireAsking<'a> {
    pub(super) request: Option<&'a Spanned<WireRequest>>,
    pub(super) expect: Option<&'a Spanned<WireExpect>>,
    pub(super) requests: Option<&'a [Spanned<WireRequest>]>,
    /// Where the benchmark is, for what is missing.
    pub(super) benchmark: Range<usize>,
}

/// One arm's parameters, and the file that is read.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) source: SourceText<'a>,
    pub(super) parameters: &'a [(String, String)],
}

/// A table of the file with the values that go into it.
struct Table<'a> {
    source: SourceText<'a>,
    span: Range<usize>,
    parameters: Vec<(String, String)>,
}

impl WireAsking<'_> {
    /// Every exchange of an arm in order, at least one.
    pub(super) fn exchanges(
        &self,
        driver: Driver,
        values: Values<'_>,
    ) -> Result<Vec<Exchange>, Diagnostic> {
        let mut parameters = values.parameters.to_vec();
        if driver.numbers_workloads() {
            // Counts the workloads, and is filled in for each of them.
            parameters.push(("index".to_owned(), "{index}".to_owned()));
        }
        let values = Values { source: values.source, parameters: &parameters };
        let refuse = |problem: &str| Err(values.source.at(self.benchmark.clone(), problem));
        let Some(requests) = self.requests else {
            let Some(expect) = self.expect else {
                if driver.asks() {
                    return refuse("`expect` is missing: the one right answer");
                }
                return Ok(vec![Exchange {
                    request: Request::default(),
                    expect: Expect::nothing(),
                }]);
            };
            let request = match self.request {
                Some(wire) => values.table(wire.span()).request(wire.get_ref())?,
                None => Request::default(),
            };
            let expect = values.table(expect.span()).expect(expect.get_ref())?;
            return Ok(vec![Exchange { request, expect }]);
        };
        if self.request.is_some() || self.expect.is_some() {
            return refuse("`requests` stands in place of `request` and `expect`; drop these");
        }
        let mut exchanges = Vec::new();
        for wire in requests {
            exchanges.extend(values.table(wire.span()).repeated(wire.get_ref())?);
        }
        match exchanges.len() as u64 {
            0 => refuse("`requests` is empty"),
            many if driver == Driver::Recovery && many != 2 => refuse(TWO_REQUESTS),
            1..=MAX_REQUESTS => Ok(exchanges),
            many => refuse(&format!("{many} requests; at most {MAX_REQUESTS} take turns")),
        }
    }
}

impl<'a> Values<'a> {
    fn table(self, span: Range<usize>) -> Table<'a> {
        Table { source: self.source, span, parameters: self.parameters.to_vec() }
    }

    /// How hard an arm asks.
    pub(super) fn load(
        self,
        driver: Driver,
        wire: Option<&Spanned<WireLoad>>,
        benchmark: Range<usize>,
    ) -> Result<HttpLoad, Diagnostic> {
        match wire {
            Some(wire) => self.table(wire.span()).load(driver, wire.get_ref()),
            None if matches!(driver, Driver::HttpThroughput | Driver::HttpOpenLoop) => {
                Err(self.source.at(benchmark, format!("{driver} needs `load.connections`")))
            }
            None => Ok(HttpLoad::default()),
        }
    }
}

impl Table<'_> {
    fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, Diagnostic> {
        Err(self.source.at(self.span.clone(), problem.into()))
    }

    fn text(&self, text: &str) -> Result<String, Diagnostic> {
        substitute(text, &self.parameters).or_else(|unknown| {
            self.refuse(format!("`{{{unknown}}}` is not a parameter of this benchmark"))
        })
    }

    fn headers(&self, wire: &[(String, String)]) -> Result<Vec<(String, String)>, Diagnostic> {
        wire.iter().map(|(name, value)| Ok((name.clone(), self.text(value)?))).collect()
    }

    fn number(&self, field: &str, wire: &WireNumber) -> Result<f64, Diagnostic> {
        match wire {
            WireNumber::Whole(number) => Ok(*number as f64),
            WireNumber::Fraction(number) => Ok(*number),
            WireNumber::Text(text) => {
                let text = self.text(text)?;
                text.parse().or_else(|_| self.refuse(format!("`{field}`: `{text}` is no number")))
            }
        }
    }

    fn whole(&self, field: &str, wire: &WireNumber) -> Result<u64, Diagnostic> {
        if let WireNumber::Whole(number) = wire {
            return Ok(*number);
        }
        let number = self.number(field, wire)?;
        // Exact up to 2^53, far above every limit.
        if number.fract() != 0.0 || !(0.0..9e15).contains(&number) {
            return self.refuse(format!("`{field}`: {number} is not a whole number"));
        }
        Ok(number as u64)
    }

    fn body_bytes(&self, wire: &WireNumber) -> Result<u64, Diagnostic> {
        match self.whole("body_bytes", wire)? {
            bytes @ 0..=MAX_BODY_BYTES => Ok(bytes),
            bytes => self.refuse(format!("`body_bytes`: {bytes} is more than 1 GiB")),
        }
    }

    /// What the fields of both places make.
    fn request_of(&self, wire: &WireRequest) -> Result<Request, Diagnostic> {
        let default = Request::default();
        let body = match (&wire.body, &wire.body_bytes) {
            (Some(_), Some(_)) => return self.refuse("`body` or `body_bytes`, not both"),
            (Some(text), None) => RequestBody::Text(substitute_known(text, &self.parameters)),
            (None, Some(bytes)) => RequestBody::Pattern { bytes: self.body_bytes(bytes)? },
            (None, None) => default.body,
        };
        Ok(Request {
            method: wire.method.clone().unwrap_or(default.method),
            path: wire.path.as_deref().map_or(Ok(default.path), |path| self.text(path))?,
            host: wire.host.as_deref().map(|host| self.text(host)).transpose()?,
            headers: self.headers(&wire.headers)?,
            body,
        })
    }

    /// A `request` beside its `expect`.
    fn request(&self, wire: &WireRequest) -> Result<Request, Diagnostic> {
        match (&wire.expect, &wire.repeat) {
            (Some(_), _) => self.refuse("`expect` stands beside `request`, not in it"),
            (_, Some(_)) => self.refuse("`repeat` is for `requests`"),
            _ => self.request_of(wire),
        }
    }

    /// An element of `requests`: as often as it says, `{index}` counting.
    fn repeated(mut self, wire: &WireRequest) -> Result<Vec<Exchange>, Diagnostic> {
        let Some(expect) = &wire.expect else {
            return self.refuse("each of `requests` needs its own `expect`");
        };
        let Some(repeat) = &wire.repeat else {
            return Ok(vec![Exchange {
                request: self.request_of(wire)?,
                expect: self.expect(expect)?,
            }]);
        };
        let count = self.whole("repeat", repeat)?;
        if !(1..=MAX_REQUESTS).contains(&count) {
            return self.refuse(format!("`repeat`: {count} is not between 1 and {MAX_REQUESTS}"));
        }
        self.parameters.retain(|(name, _)| name != "index");
        let mut exchanges = Vec::new();
        for index in 0..count {
            self.parameters.push(("index".to_owned(), index.to_string()));
            exchanges
                .push(Exchange { request: self.request_of(wire)?, expect: self.expect(expect)? });
            self.parameters.pop();
        }
        Ok(exchanges)
    }

    fn expect(&self, wire: &WireExpect) -> Result<Expect, Diagnostic> {
        let body = match (&wire.body, &wire.body_sha256, &wire.body_bytes) {
            (Some(text), None, None) => {
                ExpectBody::Exactly(substitute_known(text, &self.parameters))
            }
            (None, Some(digest), None) => ExpectBody::Sha256(*digest),
            (None, None, Some(bytes)) => ExpectBody::Pattern { bytes: self.body_bytes(bytes)? },
            _ => {
                return self.refuse(
                    "`expect` needs `body`, `body_sha256` or `body_bytes`, and only one of them",
                );
            }
        };
        if !(200..600).contains(&wire.status) {
            return self.refuse(format!("{} is not a final HTTP status", wire.status));
        }
        Ok(Expect { status: wire.status, body, headers: self.headers(&wire.headers)? })
    }

    fn load(&self, driver: Driver, wire: &WireLoad) -> Result<HttpLoad, Diagnostic> {
        let whole = |field: &str, wire: &Option<WireNumber>, default: u64| {
            wire.as_ref().map_or(Ok(default), |wire| self.whole(field, wire))
        };
        let number = |field: &str, wire: &Option<WireNumber>| {
            wire.as_ref().map(|wire| self.number(field, wire)).transpose()
        };
        let requests = |wire: &WireNumber| match self.whole("requests", wire)? {
            count @ 10..=10_000 => Ok(count as u32),
            count => self.refuse(format!("`requests`: {count} is out of range, 10 to 10000")),
        };
        let default = HttpLoad::default();
        let connections = whole("connections", &wire.connections, default.connections.into())?;
        let load = HttpLoad {
            connections: u32::try_from(connections).unwrap_or(u32::MAX),
            warmup_ms: whole("warmup_ms", &wire.warmup_ms, default.warmup_ms)?,
            measure_ms: whole("measure_ms", &wire.measure_ms, default.measure_ms)?,
            rate_rps: number("rate_rps", &wire.rate_rps)?,
            saturation_share: number("saturation_share", &wire.saturation_share)?,
            simulated_requests: wire.requests.as_ref().map(requests).transpose()?,
        };
        match unusable(driver, &load) {
            Some(problem) => self.refuse(problem),
            None => Ok(load),
        }
    }
}

/// Why a driver cannot ask so.
fn unusable(driver: Driver, load: &HttpLoad) -> Option<&'static str> {
    let is_open = driver == Driver::HttpOpenLoop;
    Some(match (load.rate_rps, load.saturation_share) {
        _ if driver.paces_itself() => "this driver sends one request at a time; drop `load`",
        _ if driver == Driver::Fires => {
            let only = HttpLoad { connections: load.connections, ..HttpLoad::default() };
            let is_all = *load == only && load.connections <= 10_000;
            return (!is_all).then_some("this driver has only `connections` in `load`, 0 to 10000");
        }
        _ if driver == Driver::Instructions => {
            let only =
                HttpLoad { simulated_requests: load.simulated_requests, ..HttpLoad::default() };
            return (*load != only).then_some("this driver has only `requests` in `load`");
        }
        _ if load.simulated_requests.is_some() => "`requests` is for the driver instructions",
        _ if matches!(driver, Driver::Command | Driver::Criterion) => {
            "the program makes its own load; drop `load`"
        }
        _ if driver == Driver::HttpLatency && load.connections != 1 => {
            "http-latency uses one connection; drop `connections` or use http-throughput"
        }
        _ if !(1..=10_000).contains(&load.connections) => "`connections` must be 1 to 10000",
        _ if load.measure_ms == 0 || !load.measure_ms.is_multiple_of(100) => {
            "`measure_ms` must be a positive multiple of 100, the length of a slice"
        }
        _ if load.measure_ms > 600_000 || load.warmup_ms > 600_000 => {
            "`measure_ms` and `warmup_ms` must be at most 600000"
        }
        (None, None) if is_open => {
            "http-open-loop needs `rate_rps`, or `saturation_share` of the measured saturation"
        }
        (Some(_), Some(_)) => "`rate_rps` or `saturation_share`, not both",
        (None, None) => return None,
        _ if !is_open => "`rate_rps` and `saturation_share` are for http-open-loop",
        (Some(rate), _) if !(0.1..=1e6).contains(&rate) => "`rate_rps` must be 0.1 to 1000000",
        (_, Some(share)) if !(0.01..=0.99).contains(&share) => {
            "`saturation_share` must be 0.01 to 0.99"
        }
        _ => return None,
    })
}

/// What of it defines an arm's numbers. How long it is measured does not: more
/// of the same samples is the same series. What an arm does not use adds no
/// part, so that a new feature gives no old arm a new digest.
pub(super) fn define(hasher: Hasher, arm: &Arm) -> Hasher {
    let hasher = hasher.part("connections", arm.load.connections.to_le_bytes());
    // The order of these parts is that of the first release.
    let hasher = hasher.part("precompile", [u8::from(arm.precompile)]);
    let mut hasher = add_exchange(hasher, &arm.request, &arm.expect);
    for Exchange { request, expect } in &arm.further {
        hasher = add_exchange(hasher.part("further", []), request, expect);
    }
    if let Some(rate) = arm.load.rate_rps {
        hasher = hasher.part("rate", rate.to_le_bytes());
    }
    if let Some(requests) = arm.load.simulated_requests {
        hasher = hasher.part("simulated requests", requests.to_le_bytes());
    }
    if let Some(share) = arm.load.saturation_share {
        hasher = hasher.part("share of the saturation", share.to_le_bytes());
    }
    hasher
}

fn add_exchange(hasher: Hasher, request: &Request, expect: &Expect) -> Hasher {
    let hasher = hasher
        .part("method", &request.method)
        .part("path", &request.path)
        .part("host", request.host.as_deref().unwrap_or_default());
    let mut hasher = match &request.body {
        RequestBody::Text(text) => hasher.part("body", text),
        RequestBody::Pattern { bytes } => hasher.part("pattern body", bytes.to_le_bytes()),
    };
    hasher = hasher.part("status", expect.status.to_le_bytes());
    for (name, value) in &request.headers {
        hasher = hasher.part("header", name).part("value", value);
    }
    for (name, value) in &expect.headers {
        hasher = hasher.part("expected header", name).part("value", value);
    }
    match &expect.body {
        ExpectBody::Exactly(text) => hasher.part("expected body", text),
        ExpectBody::Sha256(digest) => hasher.part("expected body's digest", digest.to_bytes()),
        ExpectBody::Pattern { bytes } => hasher.part("expected pattern", bytes.to_le_bytes()),
    }
}

#[cfg(test)]
#[path = "asking_tests.rs"]
mod tests;
