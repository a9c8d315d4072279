//! Workloads and configurations that are filled in for every block. What a
//! template may use is listed in CONTRIBUTING.md; what it uses without being
//! given, or without the suite declaring it, is an error with file and line.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use model::{Arm, Diagnostic, InputFile};
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// What the templates of one arm are filled in with.
#[derive(Debug, Clone)]
pub(super) struct Context {
    values: BTreeMap<String, Value>,
    processes: BTreeMap<String, Value>,
}

impl Context {
    /// The arm's parameters, and where its files are.
    pub(super) fn of(arm: &Arm) -> Self {
        let mut values: BTreeMap<String, Value> = arm
            .parameters
            .iter()
            .map(|(name, text)| (name.clone(), number_or_text(text)))
            .collect();
        let mut path = |name: &str, path: &Path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            values.insert(name.to_owned(), Value::from(path.to_string_lossy().into_owned()));
        };
        path("components", &arm.components_dir);
        path("suite", &arm.dir);
        if let Some(component) = &arm.component {
            path("component", component.path());
        }
        if let Some(workloads) = arm.task.workloads() {
            values.insert("workloads".to_owned(), Value::from(workloads));
        }
        Self { values, processes: BTreeMap::new() }
            .with("companion", BTreeMap::<String, Value>::new())
    }

    /// With one more value.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// With an address of its own, as `addr` and `port`.
    #[must_use]
    pub(super) fn at(self, addr: SocketAddr) -> Self {
        self.with("addr", addr.to_string()).with("port", addr.port())
    }

    /// With the address of a process, as `companion.NAME.addr` and `.port`.
    pub(super) fn add_process(&mut self, name: &str, addr: SocketAddr) {
        let about = BTreeMap::from([
            ("addr", Value::from(addr.to_string())),
            ("port", Value::from(addr.port())),
        ]);
        self.processes.insert(name.to_owned(), Value::from(about));
        self.values.insert("companion".to_owned(), Value::from(self.processes.clone()));
    }
}

/// Parameters are text; a whole number is one in a template, so that
/// `range(n)` works.
fn number_or_text(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Value::from(number),
        _ => Value::from(text),
    }
}

/// The text of a template, filled in; every component in it is one that the
/// arm declares.
///
/// # Errors
/// Names file and line of what is wrong.
pub(super) fn render(file: &InputFile, arm: &Arm, context: &Context) -> Result<String, Diagnostic> {
    let path = file.path();
    let at = |line: Option<usize>, problem: String| Diagnostic::new(path, line, problem);
    let text = fs::read_to_string(path).map_err(|e| Diagnostic::unreadable(path, &e))?;
    let engine = engine().map_err(|e| at(None, e.to_string()))?;
    let rendered = engine.render_str(&text, &context.values).map_err(|error| {
        let problem = match error.detail() {
            Some(detail) => detail.to_owned(),
            None => error.kind().to_string(),
        };
        at(error.line(), problem)
    })?;
    match undeclared(&rendered, arm) {
        None => Ok(rendered),
        Some(component) => Err(at(
            None,
            format!("uses the component `{component}`, which its benchmark does not declare"),
        )
        .with_remedy("add it to `components`, so that a change of it is noticed")),
    }
}

fn engine() -> Result<Environment<'static>, minijinja::Error> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    // YAML and configurations are text; `tojson` quotes where that is needed.
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    // A line with nothing but a tag leaves nothing behind.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    engine.set_syntax(syntax);
    Ok(engine)
}

/// Whether a file asks for the address of the host it is for, which then has to
/// be chosen before the host starts. What is wrong with it, `render` tells.
pub(super) fn asks_for_addr(file: &InputFile) -> bool {
    let names = |text: &str| -> Option<bool> {
        let engine = engine().ok()?;
        let names = engine.template_from_str(text).ok()?.undeclared_variables(false);
        Some(names.contains("addr") || names.contains("port"))
    };
    let text = if file.is_template() { fs::read_to_string(file.path()).ok() } else { None };
    text.and_then(|text| names(&text)).unwrap_or(false)
}

/// The first component in `text` that the arm does not declare.
fn undeclared(text: &str, arm: &Arm) -> Option<String> {
    let dir = std::path::absolute(&arm.components_dir).ok()?;
    let dir = format!("{}/", dir.to_string_lossy());
    let declared = |name: &str| {
        let stem = name.strip_suffix(".wasm").unwrap_or(name);
        arm.components.iter().any(|it| it.path().file_stem().is_some_and(|known| known == stem))
    };
    text.split(&dir)
        .skip(1)
        .map(|rest| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            rest.split(|c| !is_part(c)).next().unwrap_or_default()
        })
        .find(|name| !declared(name))
        .map(|name| name.trim_end_matches(".wasm").to_owned())
}

/// Fills in every template of an arm with made-up addresses: a mistake should
/// show before anything is built.
///
/// # Errors
/// Names file and line of the first thing that is wrong.
pub(crate) fn check(arm: &Arm) -> Result<(), Diagnostic> {
    let addr = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut context = Context::of(arm);
    let filled_in = |file: &InputFile, context: &Context| match file.is_template() {
        true => render(file, arm, context).map(drop),
        false => Ok(()),
    };
    let (front, before): (Vec<_>, Vec<_>) =
        arm.processes.iter().partition(|process| process.role == model::Role::Front);
    for process in before {
        if let Some(config) = &process.config {
            filled_in(config, &context.clone().at(addr).with("scratch", "/"))?;
        }
        context.add_process(&process.name, addr);
    }
    for (index, file) in arm.hosts.iter().enumerate() {
        if let Some(file) = file {
            filled_in(file, &context.clone().with("index", index).at(addr))?;
        }
    }
    for config in front.into_iter().filter_map(|process| process.config.as_ref()) {
        let backends = vec![addr.to_string(); arm.hosts.len()];
        filled_in(
            config,
            &context.clone().at(addr).with("backends", backends).with("scratch", "/"),
        )?;
    }
    Ok(())
}
