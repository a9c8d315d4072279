//! Parameters to arms: the product of all values, and `{name}` filled in.

use indexmap::IndexMap;

/// Every combination, the last parameter changing fastest; one empty
/// combination when there is no parameter.
pub(super) fn expand(parameters: &IndexMap<String, Vec<String>>) -> Vec<Vec<(String, String)>> {
    let mut combinations = vec![Vec::new()];
    for (name, values) in parameters {
        combinations = combinations
            .into_iter()
            .flat_map(|prefix| {
                values.iter().map(move |value| {
                    let mut longer = prefix.clone();
                    longer.push((name.clone(), value.clone()));
                    longer
                })
            })
            .collect();
    }
    combinations
}

/// `text` with every `{name}` replaced; the unknown name as the error.
pub(super) fn substitute(text: &str, parameters: &[(String, String)]) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        let value = parameters.iter().find(|(known, _)| known == name);
        filled.push_str(&value.ok_or_else(|| name.to_owned())?.1);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// `text` with every `{name}` of a parameter replaced; other braces stay.
pub(super) fn substitute_known(text: &str, parameters: &[(String, String)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let found = parameters.iter().find_map(|(name, value)| {
            let tail = after.strip_prefix(name.as_str())?.strip_prefix('}')?;
            Some((value, tail))
        });
        rest = match found {
            Some((value, tail)) => {
                filled.push_str(value);
                tail
            }
            None => {
                filled.push('{');
                after
            }
        };
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_parameter_changes_fastest() {
        let mut parameters = IndexMap::new();
        assert_eq!(expand(&parameters), [vec![]]);
        parameters.insert("wasi".to_owned(), vec!["p2".to_owned(), "p3".to_owned()]);
        parameters.insert("n".to_owned(), vec!["1".to_owned(), "8".to_owned()]);
        let names: Vec<String> = expand(&parameters)
            .iter()
            .map(|arm| arm.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(names, ["p2 1", "p2 8", "p3 1", "p3 8"]);
    }

    #[test]
    fn placeholders_are_filled_or_named() {
        let parameters = vec![("wasi".to_owned(), "p2".to_owned())];
        for (text, expected) in [
            ("hello-{wasi}.yaml", Ok("hello-p2.yaml")),
            ("plain", Ok("plain")),
            ("{wasi}{wasi}", Ok("p2p2")),
            ("open {", Ok("open {")),
            ("{n}", Err("n")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(substitute(text, &parameters), expected, "{text}");
        }
    }

    #[test]
    fn braces_of_a_body_stay() {
        let parameters = [("n", "7"), ("", "x")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        for (text, expected) in [
            ("{\"n\":{n}}", "{\"n\":7}"),
            ("{{n}}", "{7}"),
            ("{other} {n", "{other} {n"),
            ("{n}{}", "7x"),
        ] {
            assert_eq!(substitute_known(text, &parameters), expected, "{text}");
        }
    }
}
