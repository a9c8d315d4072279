//! What callgrind wrote: events by function, each function's own. (valgrind's manual,
//! "Callgrind Format Specification".)

use std::collections::{BTreeMap, HashMap};

/// Events of one process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Profile {
    /// Their names: `Ir`, `D1mr`, ...
    pub(super) events: Vec<String>,
    /// Numbers in that order, by function.
    pub(super) own: BTreeMap<String, Vec<u64>>,
}

impl Profile {
    /// The sum of some events over all functions; `None` where one was not counted.
    pub(super) fn total(&self, events: &[&str]) -> Option<u64> {
        let at = events.iter().map(|event| self.events.iter().position(|known| known == event));
        let at: Vec<usize> = at.collect::<Option<_>>()?;
        let of_function = |own: &Vec<u64>| at.iter().filter_map(|at| own.get(*at)).sum::<u64>();
        Some(self.own.values().map(of_function).sum())
    }

    /// Instructions of a function itself.
    pub(super) fn instructions(&self) -> impl Iterator<Item = (&str, u64)> {
        let at = self.events.iter().position(|event| event == "Ir");
        let of = move |own: &Vec<u64>| at.and_then(|at| own.get(at)).copied().unwrap_or_default();
        self.own.iter().map(move |(name, own)| (name.as_str(), of(own)))
    }
}

/// # Errors
/// Names the line that is not understood.
pub(super) fn read(text: &str) -> Result<Profile, String> {
    let mut profile = Profile::default();
    let mut names: HashMap<String, String> = HashMap::new();
    let (mut function, mut positions, mut is_call) = (String::new(), 1, false);
    for (index, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("line {} of callgrind's file: {what}", index + 1);
        if let Some(list) = line.strip_prefix("events:") {
            profile.events = list.split_whitespace().map(str::to_owned).collect();
        } else if let Some(list) = line.strip_prefix("positions:") {
            positions = list.split_whitespace().count();
        } else if let Some(name) = line.strip_prefix("fn=") {
            function = resolve(name, &mut names).ok_or_else(|| wrong("an unknown function"))?;
        } else if let Some(name) = line.strip_prefix("cfn=") {
            // Names are told where they come first, which may be a call.
            resolve(name, &mut names).ok_or_else(|| wrong("an unknown function"))?;
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c)) {
            if std::mem::take(&mut is_call) {
                // What was called has lines of its own.
                continue;
            }
            let counts = line.split_whitespace().skip(positions).map(str::parse::<u64>);
            let counts: Vec<u64> =
                counts.collect::<Result<_, _>>().map_err(|_| wrong("no counts"))?;
            let events = profile.events.len();
            let own = profile.own.entry(function.clone()).or_insert_with(|| vec![0; events]);
            own.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }
    match profile.events.iter().any(|event| event == "Ir") {
        true => Ok(profile),
        false => Err("what callgrind wrote is not understood: no event `Ir`".to_owned()),
    }
}

/// `(12) name` tells a name, `(12)` means it. What is called by itself (`name'2`) is one
/// function.
fn resolve(text: &str, names: &mut HashMap<String, String>) -> Option<String> {
    let Some((id, rest)) = text.split_once(')').filter(|(id, _)| id.starts_with('(')) else {
        return Some(text.trim().to_owned());
    };
    let name = rest.trim();
    if name.is_empty() {
        return names.get(id).cloned();
    }
    let name = match name.rsplit_once('\'') {
        Some((name, depth)) if depth.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    };
    names.insert(id.to_owned(), name.to_owned());
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# callgrind format\nversion: 1\npositions: line\nevents: Ir D1mr\n\
summary: 160 3\n\nfl=(1) main.rs\nfn=(1) native::answer\n12 10 1\n+3 20\ncfn=(2) native::churn\n\
calls=5 +35 \n* 100 2\nfi=(2) vec.rs\n+1 5\n\nfn=(2)\n1 100 2\n\nfn=(3) native::answer'2\n7 25\n\
totals: 160 3\n";

    #[test]
    fn events_belong_to_the_function_that_executes() {
        let profile = read(TEXT).unwrap();
        assert_eq!(profile.own["native::answer"], [60, 1]);
        assert_eq!(profile.own["native::churn"], [100, 2]);
        assert_eq!(profile.total(&["Ir"]), Some(160));
        assert_eq!(profile.total(&["Ir", "D1mr"]), Some(163));
        assert_eq!(profile.total(&["Bcm"]), None);
        let mut told: Vec<_> = profile.instructions().collect();
        told.sort_unstable();
        assert_eq!(told, [("native::answer", 60), ("native::churn", 100)]);
    }

    #[test]
    fn what_is_not_callgrinds_is_refused_with_its_line() {
        assert!(read("").is_err());
        let unknown = read(&TEXT.replace("fn=(2)\n", "fn=(9)\n")).unwrap_err();
        assert_eq!(unknown, "line 17 of callgrind's file: an unknown function");
        let odd = read(&TEXT.replace("7 25", "7 many")).unwrap_err();
        assert_eq!(odd, "line 21 of callgrind's file: no counts");
    }
}
