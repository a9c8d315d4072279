//! Credentials of registries, from where Docker keeps them. They leave this file
//! only for the registry they belong to: no error holds any.

use crate::error::{Error, Result, one_line};
use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use oci_client::secrets::RegistryAuth;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::PathBuf;

/// What Docker's `config.json` says of this registry. May run a helper that it
/// names, so it may block.
pub(super) fn of(registry: &str) -> Result<RegistryAuth> {
    let Some(path) = config_json() else { return Ok(RegistryAuth::Anonymous) };
    let refuse = |what: &str| {
        let path = path.display();
        Err(Error::Input(format!("credentials of registry {registry} in {path}: {what}")))
    };
    let file = match File::open(&path) {
        Ok(file) => BufReader::new(file),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(RegistryAuth::Anonymous),
        Err(e) => return refuse(&e.to_string()),
    };
    match get_credential_from_reader(file, registry) {
        Ok(DockerCredential::UsernamePassword(name, password)) => {
            Ok(RegistryAuth::Basic(name, password))
        }
        Ok(DockerCredential::IdentityToken(_)) => {
            refuse("identity tokens are not supported, log in with a password or access token")
        }
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(RegistryAuth::Anonymous),
        // What the helper printed may be what it was asked for.
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            refuse(&format!("the helper {helper} failed"))
        }
        Err(e) => refuse(&one_line(&e.to_string())),
    }
}

/// As Docker looks for it.
fn config_json() -> Option<PathBuf> {
    let folder = match std::env::var_os("DOCKER_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".docker"),
    };
    Some(folder.join("config.json"))
}
