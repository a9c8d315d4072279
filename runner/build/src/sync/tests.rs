use super::*;
use std::time::Duration;
use tempfile::TempDir;

type Files<'f> = &'f [(&'static str, &'static str)];
type Change<'c> = &'c dyn Fn(&mut Vec<(&'static str, &'static str)>);

/// Files as `path`, `path*` (executable) or `path -> target`, with a content.
fn sources(files: &[(&str, &str)]) -> Sources {
    let file = |(name, content): &(&str, &str)| {
        let (path, kind, content) = match (name.split_once(" -> "), name.strip_suffix('*')) {
            (Some((path, to)), _) => (path, Kind::Link, to),
            (_, Some(path)) => (path, Kind::Executable, *content),
            _ => (*name, Kind::Plain, *content),
        };
        SourceFile { path: path.to_owned(), kind, content: content.into() }
    };
    Sources::of(files.iter().map(file).collect())
}

/// What lies in a folder, in the notation of [`sources`], folders included.
fn listing(folder: &Path) -> Vec<String> {
    let mut found = Found::default();
    walk(folder, Path::new(""), &mut found).unwrap();
    let files = found.files.iter().map(|(path, kind)| {
        let text = || fs::read_to_string(folder.join(path)).unwrap();
        let name = path.display();
        match kind {
            Some(Kind::Plain) => format!("{name} = {}", text()),
            Some(Kind::Executable) => format!("{name}* = {}", text()),
            Some(Kind::Link) => {
                format!("{name} -> {}", fs::read_link(folder.join(path)).unwrap().display())
            }
            None => format!("{name}?"),
        }
    });
    let folders = found.folders.iter().map(|path| format!("{}/", path.display()));
    let mut all: Vec<String> = files.chain(folders).collect();
    all.sort();
    all
}

#[test]
fn every_state_follows_every_other() {
    let states: [(Files<'_>, &[&str]); 6] = [
        (&[("a", "1"), ("d/e/f", "2")], &["a = 1", "d/", "d/e/", "d/e/f = 2"]),
        (&[("a*", "1"), ("d", "file now")], &["a* = 1", "d = file now"]),
        (&[("a -> d", ""), ("d/e", "")], &["a -> d", "d/", "d/e = "]),
        (&[("a -> elsewhere", ""), ("d -> /", "")], &["a -> elsewhere", "d -> /"]),
        (
            &[("a/b/c", "deep"), ("d/e/f*", "2")],
            &["a/", "a/b/", "a/b/c = deep", "d/", "d/e/", "d/e/f* = 2"],
        ),
        (&[], &[]),
    ];
    for (from, _) in states {
        for (to, expected) in states {
            let folder = TempDir::new().unwrap();
            sync(folder.path(), &sources(from)).unwrap();
            sync(folder.path(), &sources(to)).unwrap();
            assert_eq!(listing(folder.path()), expected, "{from:?} -> {to:?}");
        }
    }
}

#[test]
fn nothing_is_written_or_removed_through_a_link() {
    let (folder, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = outside.path().join("precious");
    fs::write(&file, "mine").unwrap();
    let link = format!("d -> {}", outside.path().display());
    sync(folder.path(), &sources(&[(&link, ""), ("l -> d/precious", "")])).unwrap();
    sync(folder.path(), &sources(&[("d/precious", "theirs"), ("l", "theirs")])).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    sync(folder.path(), &sources(&[(&link, "")])).unwrap();
    sync(folder.path(), &sources(&[])).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_difference_renews_its_package_and_no_other() {
    let base = [
        ("Cargo.lock", "1"),
        ("Cargo.toml", "workspace"),
        ("notes", "1"),
        ("one/Cargo.toml", "one"),
        ("one/src/lib.rs", "1"),
        ("one/wit/a", "1"),
        ("two/Cargo.toml", "two"),
        ("two/lib.rs", "2"),
    ];
    let check = |change: Change<'_>, expected: &[&str]| {
        let folder = TempDir::new().unwrap();
        sync(folder.path(), &sources(&base)).unwrap();
        let old = SystemTime::now() - Duration::from_secs(1000);
        for (path, _) in base {
            fs::File::open(folder.path().join(path)).unwrap().set_modified(old).unwrap();
        }
        let mut files = base.to_vec();
        change(&mut files);
        sync(folder.path(), &sources(&files)).unwrap();
        let renewed: Vec<&str> = files
            .iter()
            .map(|(path, _)| *path)
            .filter(|path| folder.path().join(path).metadata().unwrap().modified().unwrap() > old)
            .collect();
        assert_eq!(renewed, expected);
    };
    check(&|_| {}, &[]);
    check(&|files| files[5].1 = "changed", &["one/Cargo.toml", "one/src/lib.rs", "one/wit/a"]);
    check(&|files| files.truncate(7), &["two/Cargo.toml"]);
    check(
        &|files| files.push(("one/wit/b", "new")),
        &["one/Cargo.toml", "one/src/lib.rs", "one/wit/a", "one/wit/b"],
    );
    check(&|files| files[0].1 = "changed", &["Cargo.lock"]);
    let all = base.map(|(path, _)| path);
    check(&|files| files[2].1 = "changed", &all);
}
