//! What may be written in a workload file. Syntax only: no field's value is
//! judged here, and no type of this file leaves the parent module.

use super::wire_environment::WireEnvironment;
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

pub(super) type Text = Spanned<String>;
pub(super) type TextMap = BTreeMap<String, Text>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireWorkload {
    pub(super) api_version: Text,
    pub(super) kind: Text,
    pub(super) metadata: WireMetadata,
    pub(super) spec: WireDeployment,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireMetadata {
    pub(super) name: Text,
    pub(super) namespace: Option<Text>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) labels: TextMap,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) annotations: TextMap,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireDeployment {
    pub(super) replicas: Option<Spanned<i64>>,
    pub(super) template: WireTemplate,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireTemplate {
    pub(super) spec: Spanned<WireSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireSpec {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) host_interfaces: Vec<WireHostInterface>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) components: Vec<WireComponent>,
    pub(super) service: Option<WireService>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) volumes: Vec<WireVolume>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) forwards: Vec<WireForward>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireForward {
    pub(super) port: Spanned<i64>,
    pub(super) to: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireHostInterface {
    pub(super) name: Option<Text>,
    pub(super) namespace: Text,
    pub(super) package: Text,
    pub(super) interfaces: Vec<Text>,
    pub(super) version: Option<Text>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) config: TextMap,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireComponent {
    pub(super) name: Text,
    pub(super) image: Option<Text>,
    pub(super) file: Option<Text>,
    pub(super) digest: Option<Text>,
    pub(super) pool_size: Option<Spanned<i64>>,
    pub(super) max_invocations: Option<Spanned<i64>>,
    pub(super) max_concurrency: Option<Spanned<i64>>,
    pub(super) schedule: Option<Text>,
    pub(super) local_resources: Option<WireResources>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) host_interfaces: Vec<WireHostInterface>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireService {
    pub(super) image: Option<Text>,
    pub(super) file: Option<Text>,
    pub(super) digest: Option<Text>,
    pub(super) max_restarts: Option<Spanned<i64>>,
    pub(super) local_resources: Option<WireResources>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireResources {
    pub(super) memory_limit_mb: Option<Spanned<i64>>,
    pub(super) cpu_limit: Option<Spanned<i64>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) config: TextMap,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) environment: WireEnvironment,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) volume_mounts: Vec<WireMount>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) allowed_hosts: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireMount {
    pub(super) name: Text,
    pub(super) mount_path: Text,
    #[serde(default)]
    pub(super) read_only: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireVolume {
    pub(super) name: Text,
    pub(super) ephemeral: Option<WireEphemeral>,
    pub(super) host_path: Option<WireHostPath>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireEphemeral {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireHostPath {
    pub(super) path: Text,
}

/// A list or map without a value (`config:`) is an absent one, as in Kubernetes.
fn or_default<'de, T, D>(yaml: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(yaml).map(Option::unwrap_or_default)
}
