//! When a component is run by the clock: `@every 20ms`, or a cron expression in
//! UTC, as Kubernetes writes it, with an optional field for seconds.

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use std::time::Duration;

/// Below that a schedule only measures the timer.
const SHORTEST: Duration = Duration::from_millis(1);

/// When a component is run.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// So often, counted from the workload's start.
    Every(Duration),
    /// At times of the calendar.
    Calendar(Box<Cron>),
}

impl Schedule {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(interval) = text.strip_prefix("@every") {
            let wrong = |e| format!("`{text}` is no `@every DURATION`, as `@every 20ms`: {e}");
            let interval = humantime::parse_duration(interval.trim()).map_err(wrong)?;
            if interval < SHORTEST {
                return Err(format!("`{text}` is too often, at most every 1ms"));
            }
            return Ok(Self::Every(interval));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).build();
        let cron = parser.parse(text).map_err(|e| {
            format!("`{text}` is neither a cron expression ({e}) nor `@every DURATION`")
        })?;
        Ok(Self::Calendar(Box::new(cron)))
    }

    /// The next time after `now` of a calendar; none for `Every`, and when the
    /// calendar has come to its end.
    pub(crate) fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(_) => None,
            Self::Calendar(cron) => cron.find_next_occurrence(&now, false).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_a_schedule() {
        let Ok(Schedule::Every(interval)) = Schedule::parse("@every 1s 500ms") else { panic!() };
        assert_eq!(interval, Duration::from_millis(1500));
        let cron = Schedule::parse("*/15 3 * * *").expect("five fields");
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let next = cron.next_after(at("2026-11-23T03:20:00Z"));
        assert_eq!(next, Some(at("2026-11-23T03:30:00Z")));
        let seconds = Schedule::parse("*/10 * * * * *").expect("six fields");
        let next = seconds.next_after(at("2026-11-23T03:20:01Z"));
        assert_eq!(next, Some(at("2026-11-23T03:20:10Z")));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in ["", "@every", "@every 0s", "@every 20 parsecs", "61 * * * *", "* * *", "soon"]
        {
            let refused = Schedule::parse(text).expect_err(text);
            assert!(refused.contains(text), "{refused}");
        }
    }
}
