//! `bench suite new`: asks what to measure, and writes the folder of a suite, and of a guest
//! where one is wanted. It writes new files only; what is there is never touched but for the
//! list of guests in Rust, which gets a line.

use super::templates::{Guest, SUITE, filled};
use crate::cli::{Language, Measure, NewSuite};
use crate::exit::Exit;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// What is wanted, whether it was typed or asked.
struct Wanted {
    name: String,
    measure: Measure,
    language: Language,
    question: String,
    owner: String,
}

/// Files to write: path and text.
type Files = Vec<(PathBuf, String)>;

pub(super) fn run(project: &Project, arguments: &NewSuite) -> Result<Exit> {
    let suites = project.suites_dir();
    let folder = suites.join(&arguments.name);
    check_name(&arguments.name)?;
    if folder.exists() {
        bail!("{} is there already; choose another name", folder.display());
    }
    let wanted = wanted(project, arguments)?;
    let mut files = suite(&wanted, &folder);
    files.extend(guest(&wanted, &suites.join("components"))?);
    for (path, _) in &files {
        if path.exists() {
            bail!("{} is there already; nothing was written", path.display());
        }
    }
    for (path, text) in &files {
        write(path, text)?;
        println!("wrote {}", path.strip_prefix(&project.root).unwrap_or(path).display());
    }
    if wanted.language == Language::Rust {
        add_member(&suites.join("components/Cargo.toml"), &wanted.name)?;
    }
    print!("{}", next_steps(&wanted));
    Ok(Exit::Fine)
}

fn check_name(name: &str) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins_well || !name.chars().all(is_plain) || name == "components" {
        bail!("`{name}` cannot name a suite; use a-z, 0-9 and -, and begin with a letter");
    }
    Ok(())
}

fn wanted(project: &Project, arguments: &NewSuite) -> Result<Wanted> {
    let measure = choice("What is measured?", "--measure", arguments.measure)?;
    let language = choice("What is the guest written in?", "--language", arguments.language)?;
    let question = match &arguments.question {
        Some(question) => question.trim().to_owned(),
        None => ask("Which question does it answer?", "--question TEXT")?,
    };
    if !question.contains('?') {
        bail!("`{question}` asks nothing; a suite begins with a question, and its mark");
    }
    if question.contains("\"\"\"") || question.contains('\\') {
        bail!("the question holds \"\"\" or \\, which would end the text it stands in");
    }
    let owner = match &arguments.owner {
        Some(owner) => owner.clone(),
        None => git_name(&project.root)
            .map_or_else(|| ask("Who answers for it?", "--owner NAME"), Ok)?,
    };
    let owner = owner.replace(['"', '\\'], "");
    Ok(Wanted { name: arguments.name.clone(), measure, language, question, owner })
}

/// One of the values of an option, which is asked for where it was not typed.
fn choice<T: ValueEnum>(question: &str, option: &str, typed: Option<T>) -> Result<T> {
    if let Some(value) = typed {
        return Ok(value);
    }
    let known: Vec<_> =
        T::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let names: Vec<&str> = known.iter().map(clap::builder::PossibleValue::get_name).collect();
    if std::io::stdin().is_terminal() {
        for value in &known {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default();
            eprintln!("  {:<12} {help}", value.get_name());
        }
    }
    let text = ask(question, &format!("{option} {}", names.join("|")))?;
    T::from_str(&text, true).map_err(|_| {
        let near = model::nearest(&text, names.iter().copied());
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        anyhow::anyhow!("`{text}` is none of {}{near}", names.join(", "))
    })
}

/// Asks at a terminal; elsewhere the option has to be typed.
fn ask(question: &str, option: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        bail!("{question} Nobody can be asked here; add {option}");
    }
    eprint!("{question} ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("reading the answer")?;
    match answer.trim() {
        "" => bail!("no answer; nothing was written"),
        answer => Ok(answer.to_owned()),
    }
}

fn git_name(root: &Path) -> Option<String> {
    let mut git = std::process::Command::new("git");
    let output = git.args(["config", "user.name"]).current_dir(root).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !name.is_empty()).then_some(name)
}

fn suite(wanted: &Wanted, folder: &Path) -> Files {
    let title = wanted.name.replace('-', " ");
    let mut letters = title.chars();
    let title: String =
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let component = match wanted.language {
        Language::Committed => "hello-{wasi}".to_owned(),
        _ => wanted.name.clone(),
    };
    let mut fields = wanted.measure.fields(wanted.language);
    fields.extend([
        ("@NAME@", wanted.name.clone()),
        ("@TITLE@", title),
        ("@QUESTION@", wanted.question.clone()),
        ("@OWNER@", wanted.owner.clone()),
        ("@COMPONENT@", component),
    ]);
    let workload = folder.join(format!("workloads/{}.yaml.j2", wanted.name));
    vec![
        (folder.join("suite.toml"), filled(SUITE, &fields)),
        (workload, filled(wanted.measure.workload(), &fields)),
    ]
}

fn guest(wanted: &Wanted, components: &Path) -> Result<Files> {
    let to = components.join(wanted.language.folder(&wanted.name));
    match wanted.language.guest() {
        Guest::Committed => Ok(Vec::new()),
        Guest::Recipe(files) => {
            let name = [("@NAME@", wanted.name.clone())];
            let file = |(file, text): &(&str, &str)| (to.join(file), filled(text, &name));
            Ok(files.iter().map(file).collect())
        }
        Guest::Copy { folder, from } => {
            let source = components.join(folder);
            let mut files = Vec::new();
            copied(&source, &to, &[(from, wanted.name.clone())], &mut files).with_context(
                || format!("copying {}, which new guests begin as", source.display()),
            )?;
            Ok(files)
        }
    }
}

fn copied(from: &Path, to: &Path, fields: &[(&str, String)], files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copied(&path, &target, fields, files)?;
        } else {
            files.push((target, filled(&fs::read_to_string(&path)?, fields)));
        }
    }
    files.sort();
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let writing = || format!("writing {}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(writing)?;
    fs::write(path, text).with_context(writing)
}

/// The guests' workspace lists its members by name.
fn add_member(manifest: &Path, name: &str) -> Result<()> {
    let text =
        fs::read_to_string(manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let mut document: toml_edit::DocumentMut =
        text.parse().with_context(|| format!("reading {}", manifest.display()))?;
    let members = document["workspace"]["members"]
        .as_array_mut()
        .with_context(|| format!("{} lists no members", manifest.display()))?;
    let place = members.iter().position(|it| it.as_str().is_some_and(|it| it > name));
    let mut value = toml_edit::Value::from(name);
    value.decor_mut().set_prefix("\n    ");
    members.insert_formatted(place.unwrap_or(members.len()), value);
    write(manifest, &document.to_string())
}

fn next_steps(wanted: &Wanted) -> String {
    let name = &wanted.name;
    let build = match wanted.language {
        Language::Committed => "",
        Language::Rust => {
            "make components                 # builds the guest; commit prebuilt/ with it\n"
        }
        Language::Javascript | Language::Python | Language::Wat => {
            "make components-large           # builds the guest; then record its sum:\n\
             cargo run --locked --manifest-path suites/components/build/Cargo.toml -- record-large\n"
        }
    };
    format!(
        "\nNext:\n{build}bench suite check {name}         # fails: the answer is to be filled in\n\
         # put the right answer in suites/{name}/suite.toml, and check again\n\
         bench run --quick --suite {name}\n"
    )
}
