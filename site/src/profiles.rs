//! Flame graphs that `bench profile` and `bench explain` drew: which there are in a folder,
//! where they lie on the site, and which of them belong beside a row. It must not draw, nor
//! change what was drawn.

use crate::Error;
use crate::names;
use crate::pages::Site;
use std::fs;
use std::path::{Path, PathBuf};

/// A picture of one version, or of what differs between two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The suite of the series.
    pub suite: String,
    /// Its benchmark.
    pub benchmark: String,
    /// Its arm.
    pub arm: String,
    /// What it is compared with: `target@label`.
    pub before: Option<String>,
    /// What it is of: `target@label`.
    pub version: String,
    /// The SVG.
    pub file: PathBuf,
}

/// A link to a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// From the page that links to it.
    pub(crate) href: String,
    /// What it shows.
    pub(crate) words: String,
}

/// What files call a version, `target@label`: a digest's `sha256:` would be a drive to some,
/// and a port to others.
pub fn profile_name(version: &str) -> String {
    version.replace(':', "-")
}

/// The pictures below a folder, `SUITE/BENCHMARK/ARM/VERSION.svg` and
/// `SUITE/BENCHMARK/ARM/BEFORE..VERSION.svg`, in order of their names; none if there is no
/// such folder.
///
/// # Errors
/// When a folder cannot be read.
pub fn profiles_in(folder: &Path) -> Result<Vec<Profile>, Error> {
    let mut profiles = Vec::new();
    for (suite, folder) in entries(folder)? {
        for (benchmark, folder) in entries(&folder)? {
            for (arm, folder) in entries(&folder)? {
                for (name, file) in entries(&folder)? {
                    let Some(name) = name.strip_suffix(".svg") else { continue };
                    let (before, version) = match name.split_once("..") {
                        Some((before, version)) => (Some(before.to_owned()), version),
                        None => (None, name),
                    };
                    profiles.push(Profile {
                        suite: suite.clone(),
                        benchmark: benchmark.clone(),
                        arm: arm.clone(),
                        before,
                        version: version.to_owned(),
                        file,
                    });
                }
            }
        }
    }
    Ok(profiles)
}

/// What is in a folder, by name; nothing in a file, or where there is nothing.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |source| Error::Io { action: "reading", path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.push((name, path));
    }
    found.sort_unstable();
    Ok(found)
}

impl Profile {
    /// Where it lies, from the site's root.
    fn path(&self) -> String {
        let Self { suite, benchmark, arm, before, version, .. } = self;
        let before = before.as_deref().map(|before| format!("{before} "));
        let name = format!("{arm} {}{version}", before.unwrap_or_default());
        let [suite, benchmark, name] = [suite, benchmark, &name].map(|it| names::slug(it));
        format!("profile/{suite}/{benchmark}/{name}.svg")
    }
}

/// Copies every picture to the site, without its script: the site's policy has none run,
/// and the picture needs none.
pub(crate) fn copy(site: &Site<'_>) -> Result<(), Error> {
    site.inputs.profiles.iter().try_for_each(|profile| {
        let Profile { file, .. } = profile;
        let failed = |source| Error::Io { action: "reading", path: file.clone(), source };
        let svg = without_script(&fs::read_to_string(file).map_err(failed)?);
        site.output.write(&profile.path(), svg.as_bytes())
    })
}

fn without_script(svg: &str) -> String {
    let mut rest = svg;
    let mut plain = String::new();
    while let Some((before, script)) = rest.split_once("<script") {
        plain.push_str(before);
        rest = script.split_once("</script>").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain.replace(" onload=\"init(evt)\"", "")
}

/// The pictures of a series that show two versions: what differs between them, else each
/// of them. `root` leads from the page to the site's root.
pub(crate) fn links(
    profiles: &[Profile],
    (suite, benchmark, arm): (&str, &str, &str),
    [a, b]: [&str; 2],
    root: &str,
) -> Vec<Picture> {
    let is = |name: &str, version: &str| name == profile_name(version);
    let of_series = profiles.iter().filter(|it| {
        (it.suite.as_str(), it.benchmark.as_str(), it.arm.as_str()) == (suite, benchmark, arm)
    });
    let mut links = Vec::new();
    for profile in of_series {
        let words = match &profile.before {
            Some(before) if is(before, a) && is(&profile.version, b) => "what differs".to_owned(),
            None if is(&profile.version, a) => "flame graph before".to_owned(),
            None if is(&profile.version, b) => "flame graph".to_owned(),
            _ => continue,
        };
        links.push(Picture { href: format!("{root}{}", profile.path()), words });
    }
    links.sort_by(|one, other| other.words.cmp(&one.words));
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_goes_and_the_picture_stays() {
        let svg = "<svg onload=\"init(evt)\"><script><![CDATA[1 < 2]]></script><g/></svg>";
        assert_eq!(without_script(svg), "<svg><g/></svg>");
        assert_eq!(without_script("<svg><script>open"), "<svg>");
    }

    #[test]
    fn pictures_are_found_by_their_names_and_by_no_others() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(profiles_in(&folder.path().join("none")).unwrap(), []);
        let arm = folder.path().join("http/latency/wasi=p3");
        fs::create_dir_all(&arm).unwrap();
        for name in ["host@a1.svg", "host@b2.svg", "host@a1..host@b2.svg", "host@a1.folded.txt"] {
            fs::write(arm.join(name), "<svg/>").unwrap();
        }
        fs::write(folder.path().join("http/README.md"), "").unwrap();
        let profiles = profiles_in(folder.path()).unwrap();
        assert_eq!(profiles.len(), 3);
        let words = |series, versions| -> Vec<String> {
            let links = links(&profiles, series, versions, "../");
            links.into_iter().map(|link| link.words).collect()
        };
        let series = ("http", "latency", "wasi=p3");
        let all = ["what differs", "flame graph before", "flame graph"];
        assert_eq!(words(series, ["host@a1", "host@b2"]), all);
        assert_eq!(words(series, ["host@b2", "host@a1"]), all[1..]);
        assert_eq!(words(series, ["host@c3", "host@b2"]), all[2..]);
        assert!(words(("http", "latency", "wasi=p2"), ["host@a1", "host@b2"]).is_empty());
    }
}
