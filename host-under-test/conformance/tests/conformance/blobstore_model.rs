//! Sessions with a blob store that nobody thought of, and what any store must
//! answer.

use proptest::prelude::*;
use std::collections::BTreeMap;

/// The containers of sessions.
pub(crate) const CONTAINERS: [&str; 3] = ["first", "second", "third"];
/// The objects of sessions: names that might lead elsewhere.
const OBJECTS: [&str; 7] = ["o", "..", "../second", "/etc/passwd", "a/b", "ä\\", "@300"];

type Place = (usize, usize);

/// One line of a session.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Create(usize),
    Delete(usize),
    Exists(usize),
    Clear(usize),
    List(usize, u64),
    Skip(usize, u64),
    Put(Place, String),
    Fill(Place, usize),
    Pending(Place, String),
    Forget(Place, String),
    Held(Place, String),
    /// As a stream or at once, from a byte to another.
    Read(Place, bool, u64, u64),
    Has(Place),
    Size(Place),
    Remove(usize, Vec<usize>),
    Copy(Place, Place),
    Move(Place, Place),
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let container = || 0..CONTAINERS.len();
    let object = || 0..OBJECTS.len();
    let place = || (container(), object());
    let text = || "[a-z0-9]{0,20}";
    let sizes = prop_oneof![0_usize..400, 65_000_usize..66_000, 200_000_usize..600_000];
    prop_oneof![
        4 => container().prop_map(Step::Create),
        1 => container().prop_map(Step::Delete),
        1 => container().prop_map(Step::Exists),
        1 => container().prop_map(Step::Clear),
        2 => (container(), 1_u64..4).prop_map(|(of, page)| Step::List(of, page)),
        1 => (container(), 0_u64..9).prop_map(|(of, count)| Step::Skip(of, count)),
        6 => (place(), text()).prop_map(|(to, text)| Step::Put(to, text)),
        3 => (place(), sizes).prop_map(|(to, bytes)| Step::Fill(to, bytes)),
        2 => (place(), text()).prop_map(|(to, text)| Step::Pending(to, text)),
        1 => (place(), text()).prop_map(|(to, text)| Step::Forget(to, text)),
        2 => (place(), text()).prop_map(|(to, text)| Step::Held(to, text)),
        6 => (place(), any::<bool>(), 0_u64..30, 0_u64..200_000)
            .prop_map(|(of, streams, start, more)| Step::Read(of, streams, start, start + more)),
        2 => place().prop_map(Step::Has),
        2 => place().prop_map(Step::Size),
        2 => (container(), proptest::collection::vec(object(), 1..3))
            .prop_map(|(of, objects)| Step::Remove(of, objects)),
        4 => (place(), place()).prop_map(|(from, to)| Step::Copy(from, to)),
        3 => (place(), place()).prop_map(|(from, to)| Step::Move(from, to)),
    ]
}

fn of((container, object): &Place) -> String {
    format!("{} {}", CONTAINERS[*container], OBJECTS[*object])
}

/// A text as the guest reads it.
fn word(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// An object's name as the store knows it.
fn name(object: usize) -> String {
    match OBJECTS[object].strip_prefix('@') {
        Some(count) => "x".repeat(count.parse().expect("a number")),
        None => OBJECTS[object].to_owned(),
    }
}

impl Step {
    /// As a guest reads it.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Create(it) => format!("create {}", CONTAINERS[*it]),
            Self::Delete(it) => format!("delete {}", CONTAINERS[*it]),
            Self::Exists(it) => format!("exists {}", CONTAINERS[*it]),
            Self::Clear(it) => format!("clear {}", CONTAINERS[*it]),
            Self::List(it, page) => format!("list {} {page}", CONTAINERS[*it]),
            Self::Skip(it, count) => format!("skip {} {count}", CONTAINERS[*it]),
            Self::Put(to, text) => format!("put {} {}", of(to), word(text)),
            Self::Fill(to, bytes) => format!("fill {} {bytes}", of(to)),
            Self::Pending(to, text) => format!("pending {} {}", of(to), word(text)),
            Self::Forget(to, text) => format!("forget {} {}", of(to), word(text)),
            Self::Held(to, text) => format!("held {} {}", of(to), word(text)),
            Self::Read(from, streams, start, end) => {
                format!("{} {} {start} {end}", if *streams { "stream" } else { "read" }, of(from))
            }
            Self::Has(it) => format!("has {}", of(it)),
            Self::Size(it) => format!("size {}", of(it)),
            Self::Remove(it, objects) => {
                let objects: Vec<&str> = objects.iter().map(|object| OBJECTS[*object]).collect();
                format!("remove {} {}", CONTAINERS[*it], objects.join(" "))
            }
            Self::Copy(from, to) => format!("copy {} {}", of(from), of(to)),
            Self::Move(from, to) => format!("move {} {}", of(from), of(to)),
        }
    }
}

type Objects = BTreeMap<String, Vec<u8>>;

/// What a store holds.
#[derive(Default)]
pub(crate) struct Model {
    containers: BTreeMap<usize, Objects>,
}

impl Model {
    /// What a store that holds this answers.
    pub(crate) fn answer(&mut self, step: &Step) -> String {
        self.step(step).unwrap_or_else(|error| format!("error {error}"))
    }

    fn container(&mut self, container: usize) -> Result<&mut Objects, String> {
        let name = CONTAINERS[container];
        self.containers.get_mut(&container).ok_or(format!("there is no container {name}"))
    }

    fn bytes(&mut self, (container, object): Place) -> Result<Vec<u8>, String> {
        let (object, of) = (name(object), CONTAINERS[container]);
        let found = self.container(container)?.get(&object);
        found.cloned().ok_or(format!("there is no object {object} in container {of}"))
    }

    fn step(&mut self, step: &Step) -> Result<String, String> {
        Ok(match step {
            Step::Create(it) if self.containers.contains_key(it) => {
                return Err(format!("there is a container {} already", CONTAINERS[*it]));
            }
            Step::Create(it) => {
                self.containers.insert(*it, Objects::new());
                CONTAINERS[*it].to_owned()
            }
            Step::Delete(it) => {
                self.container(*it)?;
                self.containers.remove(it);
                "deleted".to_owned()
            }
            Step::Exists(it) => self.containers.contains_key(it).to_string(),
            Step::Clear(it) => {
                self.container(*it)?.clear();
                "cleared".to_owned()
            }
            Step::List(it, _) => self.container(*it)?.keys().cloned().collect::<Vec<_>>().join(" "),
            Step::Skip(it, count) => {
                let objects = self.container(*it)?.len() as u64;
                let skipped = objects.min(*count);
                // Whoever asks for nothing is told nothing new.
                let is_end = *count > 0 && skipped == objects;
                format!("{skipped} {is_end} {}", objects - skipped)
            }
            Step::Remove(it, objects) => {
                let container = self.container(*it)?;
                objects.iter().for_each(|object| drop(container.remove(&name(*object))));
                "removed".to_owned()
            }
            Step::Copy(from, to) | Step::Move(from, to) => {
                let bytes = self.bytes(*from)?;
                self.container(to.0)?;
                let moves = matches!(step, Step::Move(..));
                if moves {
                    self.container(from.0)?.remove(&name(from.1));
                }
                self.container(to.0)?.insert(name(to.1), bytes);
                if moves { "moved".to_owned() } else { "copied".to_owned() }
            }
            Step::Put(at, _) | Step::Fill(at, _) | Step::Pending(at, _) | Step::Held(at, _) => {
                self.write(*at, step)?
            }
            Step::Forget(at, _) => {
                self.container(at.0)?;
                "forgotten".to_owned()
            }
            Step::Read(at, _, start, end) => {
                let bytes = self.bytes(*at)?;
                let start = (*start as usize).min(bytes.len());
                let part = &bytes[start..(*end as usize + 1).clamp(start, bytes.len())];
                format!("{} {}", part.len(), summary(part))
            }
            Step::Has(at) => self.container(at.0)?.contains_key(&name(at.1)).to_string(),
            Step::Size(at) => {
                let size_bytes = self.bytes(*at)?.len();
                format!("{}/{} {size_bytes}", CONTAINERS[at.0], name(at.1))
            }
        })
    }

    fn write(&mut self, at: Place, step: &Step) -> Result<String, String> {
        let had = self.container(at.0)?.contains_key(&name(at.1));
        let (bytes, answer) = match step {
            Step::Fill(_, bytes) => {
                ((0..*bytes).map(|at| (at % 251) as u8).collect(), "put".to_owned())
            }
            Step::Pending(_, text) => (text.clone().into_bytes(), format!("{had} true")),
            Step::Held(_, text) => (text.clone().into_bytes(), summary(&self.bytes(at)?)),
            Step::Put(_, text) => (text.clone().into_bytes(), "put".to_owned()),
            _ => return Err("no writing".to_owned()),
        };
        self.container(at.0)?.insert(name(at.1), bytes);
        Ok(answer)
    }
}

/// As guests tell what they read.
fn summary(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() <= 64 && !text.contains(char::is_control) => format!("value {text}"),
        _ => {
            let sum = bytes
                .iter()
                .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
            format!("value of {} bytes, {sum:016x}", bytes.len())
        }
    }
}
