//! Commands with placeholders become the words that are run. It must not run
//! them.

/// What fills a host's command.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fill<'a> {
    pub(crate) binary: &'a str,
    pub(crate) workload: &'a str,
    pub(crate) addr: &'a str,
    pub(crate) component: &'a str,
    pub(crate) precompiled: &'a str,
    /// Every option of the arm and the words it becomes.
    pub(crate) options: &'a [(String, Vec<String>)],
}

impl Fill<'_> {
    /// The command with its placeholders filled; `{options}` stands for the
    /// words of all options, `{options.NAME}` for those of one.
    pub(crate) fn command(&self, words: &[String]) -> Vec<String> {
        words.iter().flat_map(|word| self.word(word)).collect()
    }

    /// The same for starting: an option that the command has no place for is
    /// added at its end, so that none is lost.
    pub(crate) fn start(&self, words: &[String]) -> Vec<String> {
        let mut command = self.command(words);
        if !words.iter().any(|word| word == "{options}") {
            let has_no_place = |name: &str| !words.contains(&format!("{{options.{name}}}"));
            let lost = self.options.iter().filter(|(name, _)| has_no_place(name));
            command.extend(lost.flat_map(|(_, words)| words.clone()));
        }
        command
    }

    fn word(&self, word: &str) -> Vec<String> {
        let all = || self.options.iter().flat_map(|(_, words)| words.clone()).collect();
        if word == "{options}" {
            return all();
        }
        let one = word.strip_prefix("{options.").and_then(|rest| rest.strip_suffix('}'));
        if let Some(wanted) = one {
            let option = self.options.iter().find(|(name, _)| name == wanted);
            return option.map(|(_, words)| words.clone()).unwrap_or_default();
        }
        vec![named(
            word,
            &[
                ("binary", self.binary),
                ("workload", self.workload),
                ("addr", self.addr),
                ("component", self.component),
                ("precompiled", self.precompiled),
            ],
        )]
    }
}

/// `word` with every `{name}` replaced; what a value brings along is left alone.
pub(crate) fn named(word: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(name, tail)| {
            Some((values.iter().find(|(known, _)| *known == name)?.1, tail))
        });
        match value {
            Some((value, tail)) => {
                filled.push_str(value);
                rest = tail;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_go_where_they_belong_and_none_is_lost() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let options = [
            ("compiler".to_owned(), words("--compiler winch")),
            ("reuse".to_owned(), words("--pool 1")),
            ("nothing".to_owned(), Vec::new()),
        ];
        let fill = Fill { binary: "/b", addr: "{binary}", options: &options, ..Fill::default() };
        for (command, start, other) in [
            ("{binary} s", "/b s --compiler winch --pool 1", "/b s"),
            (
                "{binary} {options} s",
                "/b --compiler winch --pool 1 s",
                "/b --compiler winch --pool 1 s",
            ),
            ("{binary} {options.reuse} s", "/b --pool 1 s --compiler winch", "/b --pool 1 s"),
            ("x={addr} {", "x={binary} { --compiler winch --pool 1", "x={binary} {"),
        ] {
            assert_eq!(fill.start(&words(command)).join(" "), start, "{command}");
            assert_eq!(fill.command(&words(command)).join(" "), other, "{command}");
        }
    }
}
