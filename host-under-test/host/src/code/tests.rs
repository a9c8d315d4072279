//! What is kept, what is loaded, and above all what is not.

use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;
use wasmtime::Config;

const COMPILERS: [Compiler; 3] = [Compiler::Cranelift, Compiler::Winch, Compiler::Pulley];

fn guest(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/components/prebuilt");
    fs::read(folder.join(format!("{name}.wasm"))).expect("a guest of the suites")
}

fn engine(compiler: Compiler) -> Engine {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);
    compiler.configure(&mut config).unwrap();
    Engine::new(&config).unwrap()
}

fn store(folder: &TempDir) -> CodeStore {
    CodeStore::new(Some(folder.path().to_owned())).unwrap()
}

#[track_caller]
fn check_origin(store: &CodeStore, engine: &Engine, bytes: &[u8], want: Origin) {
    assert_eq!(store.component(engine, bytes, "guest").unwrap().1, want);
}

/// The only kept file.
fn only_file(folder: &TempDir) -> PathBuf {
    let is_code = |path: &PathBuf| path.extension().is_some_and(|end| end == "cwasm");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(is_code).collect();
    assert_eq!(files.len(), 1);
    files[0].clone()
}

#[test]
fn code_is_kept_by_component_and_engine() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    let guests = [guest("hello-p2"), guest("hello-p3")];
    for compiler in COMPILERS {
        for bytes in &guests {
            check_origin(&store, &engine(compiler), bytes, Origin::Compiled);
            // A new engine, as after a start.
            check_origin(&store, &engine(compiler), bytes, Origin::Loaded);
        }
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 6);
    check_origin(
        &CodeStore::new(None).unwrap(),
        &engine(Compiler::Cranelift),
        &guests[0],
        Origin::Compiled,
    );
}

/// Each row spoils the file; it must not be used, and must be replaced.
#[test]
fn what_cannot_be_trusted_is_compiled_again() {
    type Spoil = fn(&Path, &Path);
    let rows: [(&str, Spoil); 8] = [
        ("empty", |file, _| fs::write(file, b"").unwrap()),
        ("truncated", |file, _| {
            let length = fs::metadata(file).unwrap().len();
            fs::File::options().write(true).open(file).unwrap().set_len(length - 1).unwrap();
        }),
        ("damaged code", |file, _| flip_byte(file, 4096)),
        ("damaged seal", |file, _| {
            flip_byte(file, usize::try_from(fs::metadata(file).unwrap().len()).unwrap() - 1);
        }),
        ("of another component", |file, other| fs::write(file, fs::read(other).unwrap()).unwrap()),
        ("writable by the group", |file, _| chmod(file, 0o620)),
        ("a symbolic link", |file, other| {
            let target = other.with_extension("target");
            fs::rename(file, &target).unwrap();
            symlink(target, file).unwrap();
        }),
        ("a pipe", |file, _| {
            fs::remove_file(file).unwrap();
            let made = std::process::Command::new("mkfifo").arg(file).status().unwrap();
            assert!(made.success());
        }),
    ];
    let (bytes, engine) = (guest("hello-p2"), engine(Compiler::Winch));
    let others = TempDir::new().unwrap();
    store(&others).component(&engine, &guest("hello-p3"), "other").unwrap();
    for (what, spoil) in rows {
        println!("{what}");
        let folder = TempDir::new().unwrap();
        let store = store(&folder);
        check_origin(&store, &engine, &bytes, Origin::Compiled);
        spoil(&only_file(&folder), &only_file(&others));
        check_origin(&store, &engine, &bytes, Origin::Compiled);
        check_origin(&store, &engine, &bytes, Origin::Loaded);
    }
}

fn flip_byte(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn folders_that_others_can_change_are_refused() {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("a/b");
    CodeStore::new(Some(inner.clone())).unwrap();
    for (changed, mode) in [(&*inner, 0o770), (&*inner, 0o1777), (folder.path(), 0o707)] {
        chmod(changed, mode);
        let error = CodeStore::new(Some(inner.clone())).unwrap_err().to_string();
        let part = format!("{} can be changed by other users", changed.display());
        assert!(error.contains(&part) && error.starts_with("code cache "), "{error}");
        chmod(changed, 0o700);
    }
    // What is ours in such a folder stays ours, as in /tmp.
    chmod(folder.path(), 0o1777);
    CodeStore::new(Some(inner)).unwrap();
}

#[test]
fn a_folder_that_cannot_be_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = CodeStore::new(Some(file)).unwrap_err().to_string();
    assert!(error.starts_with("creating the code cache "), "{error}");
}

#[test]
fn code_of_one_engine_is_refused_by_another() {
    let folder = TempDir::new().unwrap();
    let bytes = guest("hello-p2");
    for made in COMPILERS {
        let file = folder.path().join("code");
        compile_to_file(&engine(made), &bytes, "guest", &file).unwrap();
        for loading in COMPILERS {
            let loaded = load(&engine(loading), &file, &bytes).map(drop);
            if made == loading {
                loaded.unwrap();
                continue;
            }
            let want = format!(
                "{0} was made for other engine settings (compiler, kind of CPU) or by another \
                 version of this host: write it again with `host-under-test compile COMPONENT \
                 --out {0}`",
                file.display()
            );
            assert_eq!(loaded.unwrap_err().to_string(), want);
        }
    }
}

#[test]
fn a_link_is_not_followed() {
    let folder = TempDir::new().unwrap();
    let (bytes, engine) = (guest("hello-p2"), engine(Compiler::Winch));
    let (file, link) = (folder.path().join("code"), folder.path().join("link"));
    compile_to_file(&engine, &bytes, "guest", &file).unwrap();
    symlink(&file, &link).unwrap();
    let error = load(&engine, &link, &bytes).map(drop).unwrap_err().to_string();
    assert_eq!(error, format!("{} is a symbolic link: name the file itself", link.display()));
}
