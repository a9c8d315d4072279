//! The host's counters in Prometheus' text format. The registry is made anew
//! for every scrape, so that a workload that is gone leaves nothing behind.

use crate::host::Host;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ComponentLabels {
    workload: String,
    component: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RetiredLabels {
    workload: String,
    component: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    workload: String,
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PluginLabels {
    plugin: String,
}

type Counters = Family<ComponentLabels, Counter>;

/// Everything that is counted, as text.
pub(crate) fn scrape(host: &Host) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("host_under_test");
    let workloads = Family::<StateLabels, Gauge>::default();
    registry.register("workload", "Workloads and the state each is in", workloads.clone());
    let in_flight = Family::<ComponentLabels, Gauge>::default();
    registry.register("in_flight", "Requests under way", in_flight.clone());
    let retired = Family::<RetiredLabels, Counter>::default();
    registry.register("instances_retired", "Warm instances that ended", retired.clone());
    let mut counters = |name: &str, help: &str| {
        let counters = Counters::default();
        registry.register(name, help, counters.clone());
        counters
    };
    let requests = counters("requests", "Requests that got an instance");
    let refused = counters("requests_refused", "Requests refused since too many were under way");
    let instances = counters("instances_made", "Instances made");
    let reused =
        counters("requests_reused", "Requests served by an instance that had served before");
    let fell_through =
        counters("requests_fell_through", "Requests that found every warm instance busy");
    let fired = counters("schedule_fired", "Runs begun by a schedule");
    let missed = counters("schedule_missed", "Runs left out since the one before had not ended");
    let failed = counters("schedule_failed", "Runs by a schedule that ended badly");
    let restarts = counters("service_restarts", "How often services were started again");

    add_plugins(host, &mut registry);

    for status in host.workloads_status() {
        let workload = status.workload;
        let state = status.state.to_string();
        workloads.get_or_create(&StateLabels { workload: workload.clone(), state }).set(1);
        for one in status.components {
            let labels = ComponentLabels { workload: workload.clone(), component: one.component };
            in_flight.get_or_create(&labels).set(i64::try_from(one.in_flight).unwrap_or(i64::MAX));
            for (family, value) in [
                (&requests, one.requests),
                (&refused, one.refused),
                (&instances, one.instances),
                (&reused, one.reused),
                (&fell_through, one.fell_through),
            ] {
                family.get_or_create(&labels).inc_by(value);
            }
            if let Some(schedule) = one.schedule {
                fired.get_or_create(&labels).inc_by(schedule.fired);
                missed.get_or_create(&labels).inc_by(schedule.missed);
                failed.get_or_create(&labels).inc_by(schedule.failed);
            }
            for (reason, value) in [
                ("worn", one.retired_worn),
                ("trapped", one.retired_trapped),
                ("cancelled", one.retired_cancelled),
            ] {
                let ComponentLabels { workload, component } = labels.clone();
                let labels = RetiredLabels { workload, component, reason };
                retired.get_or_create(&labels).inc_by(value);
            }
        }
        let all = status.services.iter().map(|service| u64::from(service.restarts)).sum();
        if !status.services.is_empty() {
            let labels = ComponentLabels { workload, component: "service".to_owned() };
            restarts.get_or_create(&labels).inc_by(all);
        }
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn add_plugins(host: &Host, registry: &mut Registry) {
    let restarts = Family::<PluginLabels, Counter>::default();
    let help = "How often plugin components were started again";
    registry.register("plugin_restarts", help, restarts.clone());
    for (plugin, times) in host.plugin_restarts() {
        restarts.get_or_create(&PluginLabels { plugin }).inc_by(times);
    }
}
