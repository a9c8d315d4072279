//! The components that are composed ahead of time out of guests: which, and of what. It must not
//! compile anything.
//!
//! A composition is a folder with a file `PARTS`, which names two guests: the one whose imports are
//! filled, and the one whose exports fill them. Lines that begin with `#` are for people.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::component::Component;
use crate::listing;
use crate::places::Places;

const PARTS: &str = "PARTS";

/// What a composition is made of, by the guests' names.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    socket: String,
    plug: String,
}

/// The compositions' names, which are those of their folders and components.
pub(crate) fn names(places: &Places) -> Result<Vec<String>> {
    let folders = listing::entries(&places.components)?;
    let composed = folders.iter().filter(|folder| folder.join(PARTS).is_file());
    Ok(composed.filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned())).collect())
}

/// Composes one out of guests that are built, given with their names.
pub(crate) fn compose(
    places: &Places,
    name: &str,
    guests: &[(String, Component)],
) -> Result<Component> {
    let parts = Parts::read(&places.components.join(name).join(PARTS))?;
    let built = |part: &str| {
        let found = guests.iter().find(|(guest, _)| guest == part);
        found.map(|(_, component)| component).with_context(|| {
            format!("composing {name}: there is no guest {part}; see {name}/{PARTS}")
        })
    };
    Component::composed(built(&parts.socket)?, built(&parts.plug)?)
        .with_context(|| format!("composing {name} of {} and {}", parts.socket, parts.plug))
}

impl Parts {
    fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let names: Vec<&str> = lines.collect();
        let [socket, plug] = names[..] else {
            bail!(
                "{}: expected two guests, a line each, got {}: the one whose imports are filled, \
                 then the one that fills them",
                path.display(),
                names.len()
            );
        };
        Ok(Self { socket: socket.to_owned(), plug: plug.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_two_guests() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(PARTS);
        for (text, expected) in
            [("# Why.\na\n\nb\n", Some(("a", "b"))), ("a\n", None), ("a\nb\nc\n", None)]
        {
            fs::write(&path, text)?;
            let parts = Parts::read(&path).ok();
            let parts = parts.as_ref().map(|it| (it.socket.as_str(), it.plug.as_str()));
            assert_eq!(parts, expected, "{text:?}");
        }
        Ok(())
    }
}
