//! Parts of a benchmark that every arm has: its parameters and components.

use super::filling::Filling;
use super::{Reader, WireBenchmark};
use crate::diagnostic::Diagnostic;
use crate::spanned::Spanned;
use crate::suite::Component;
use crate::suite::input::RESERVED;
use indexmap::IndexMap;
use std::path::PathBuf;

impl Reader<'_> {
    /// Every parameter with its values.
    pub(super) fn parameters(
        &self,
        wire: &WireBenchmark,
    ) -> Result<IndexMap<String, Vec<String>>, Diagnostic> {
        let mut parameters = IndexMap::new();
        for (name, values) in &wire.parameters {
            let refused = |problem: String| Err(self.source.at(values.span(), problem));
            if values.get_ref().is_empty() {
                return refused(format!("parameter `{name}` has no value"));
            }
            if RESERVED.contains(&name.as_str()) {
                return refused(format!("`{name}` is what the runner itself fills in"));
            }
            parameters.insert(name.clone(), values.get_ref().clone());
        }
        Ok(parameters)
    }

    /// Where the committed components are.
    pub(super) fn components_dir(&self) -> PathBuf {
        self.suites.join("components/prebuilt")
    }

    fn component(
        &self,
        filling: Filling<'_>,
        text: &Spanned<String>,
    ) -> Result<Component, Diagnostic> {
        if let Some(recipe) = self.recipes.get(&filling.fill(text)?) {
            return Ok(recipe.clone());
        }
        let file = format!("{}.wasm", text.get_ref());
        let file = filling.file(text.span(), &self.components_dir(), &file)?;
        Ok(Component::committed(file.path().to_owned()))
    }

    /// The one component, and all of them.
    pub(super) fn components(
        &self,
        filling: Filling<'_>,
        wire: &WireBenchmark,
    ) -> Result<(Option<Component>, Vec<Component>), Diagnostic> {
        let one = wire.component.as_ref().map(|text| self.component(filling, text)).transpose()?;
        let mut all: Vec<Component> = one.iter().cloned().collect();
        for text in &wire.components {
            let component = self.component(filling, text)?;
            if !all.contains(&component) {
                all.push(component);
            }
        }
        Ok((one, all))
    }

    /// The options, filled in.
    pub(super) fn options(
        &self,
        filling: Filling<'_>,
        wire: &WireBenchmark,
    ) -> Result<Vec<(String, String)>, Diagnostic> {
        let options = wire.options.iter();
        options.map(|(name, value)| Ok((name.clone(), filling.fill(value)?))).collect()
    }
}
