//! How often one caller may ask.

use crate::app::App;
use crate::problem::Problem;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZero;

/// So many times its rate may be used at once.
const BURST: u32 = 5;
/// Requests of one token a second.
const TOKEN_RATE: u32 = 100;
/// Refused tokens of one address a minute.
const REFUSALS_PER_MINUTE: u32 = 60;

/// What was used by whom.
pub(crate) struct Limits {
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    tokens: DefaultKeyedRateLimiter<String>,
    refusals: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limits {
    /// So many requests a second of one address; 0 for any number.
    pub(crate) fn new(rate_per_s: u32) -> Self {
        let quota = |rate: u32, burst: u32| {
            let (rate, burst) = (NonZero::new(rate)?, NonZero::new(burst)?);
            Some(Quota::per_second(rate).allow_burst(burst))
        };
        let keyed = |rate: u32| quota(rate, rate.saturating_mul(BURST)).map(RateLimiter::keyed);
        let of_tokens = NonZero::new(TOKEN_RATE).unwrap_or(NonZero::<u32>::MIN);
        let refusals = NonZero::new(REFUSALS_PER_MINUTE).unwrap_or(NonZero::<u32>::MIN);
        Self {
            addresses: keyed(rate_per_s),
            tokens: RateLimiter::keyed(Quota::per_second(of_tokens)),
            refusals: RateLimiter::keyed(Quota::per_minute(refusals)),
        }
    }

    /// Counts a refused token of an address: whoever guesses is slowed down, and does not
    /// fill the audit log.
    pub(crate) fn of_refusal(&self, address: IpAddr) -> Result<(), Problem> {
        check(&self.refusals, &address)
    }

    /// Counts a request of a token.
    pub(crate) fn of_token(&self, name: &str) -> Result<(), Problem> {
        check(&self.tokens, &name.to_owned())
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        Problem::later(StatusCode::TOO_MANY_REQUESTS, "too many requests; wait a moment", seconds)
    })
}

/// Counts a request of an address.
pub(crate) async fn limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let address = address(&app, request.headers(), request.extensions());
    if let Some(addresses) = &app.limits.addresses
        && let Err(problem) = check(addresses, &address)
    {
        return problem.into_response();
    }
    next.run(request).await
}

/// Whose request it is: the connection's, or whom the proxy before us names.
pub(crate) fn address(app: &App, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let named = app.settings.is_behind_proxy.then(|| forwarded(headers)).flatten();
    named.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The last address, which the nearest proxy added; those before may be made up.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_makes_up_does_not_count() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "10.0.0.1, 192.0.2.7".parse().unwrap());
        assert_eq!(forwarded(&headers), Some("192.0.2.7".parse().unwrap()));
        headers.append("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(forwarded(&headers), None);
    }

    #[test]
    fn a_token_is_slowed_down_and_others_are_not() {
        let limits = Limits::new(0);
        let used = (0..10 * TOKEN_RATE).filter(|_| limits.of_token("a").is_ok()).count();
        assert!(used >= TOKEN_RATE as usize && used < 10 * TOKEN_RATE as usize, "{used}");
        assert!(limits.of_token("b").is_ok());
    }
}
