//! Bindings for guests in other languages: generated from the world that a recipe names, and the
//! component made of what was compiled with them. It must not compile anything.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::{Resolve, WorldId};

use crate::component::Component;
use crate::listing;

/// A recipe with this file wants bindings, and makes a core module instead of a component.
const WORLD: &str = "world.wit";

/// What a guest imports and exports.
pub(crate) struct World {
    resolve: Resolve,
    id: WorldId,
}

impl World {
    /// That of a recipe, if it names one; `wit` has the texts it rests on.
    pub(crate) fn of(recipe: &Path, wit: &Path) -> Result<Option<Self>> {
        let path = recipe.join(WORLD);
        if !path.is_file() {
            return Ok(None);
        }
        let mut resolve = Resolve::default();
        resolve
            .push_dir(wit)
            .and_then(|_| resolve.push_path(&path))
            .and_then(|(package, _)| resolve.select_world(&[package], None))
            .map(|id| Some(Self { resolve, id }))
            .with_context(|| format!("reading {}", path.display()))
    }

    /// Writes bindings into the recipe's folder: for Go if it holds a `go.mod`, else for C. What the
    /// recipe has of the same name stays.
    pub(crate) fn bind(&self, recipe: &Path, wit: &Path) -> Result<()> {
        let mut files = Files::default();
        // The generators number types anew, which the component's types must not see.
        let mut resolve = self.resolve.clone();
        if recipe.join("go.mod").is_file() {
            let format = wit_bindgen_go::Format::False;
            let options = wit_bindgen_go::Opts { format, ..Default::default() };
            options.build().generate(&mut resolve, self.id, &mut files)?;
            listing::copy(&wit.join("go"), &recipe.join("runtime"))?;
        } else {
            let options = wit_bindgen_c::Opts::default();
            options.build().generate(&mut resolve, self.id, &mut files)?;
        }
        for (name, text) in files.iter() {
            let path = recipe.join(name);
            if path.exists() {
                continue;
            }
            let folder = path.parent().unwrap_or(recipe);
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, text))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }

    /// Makes the component of a core module that was compiled with the bindings.
    pub(crate) fn component(&self, module: Vec<u8>) -> Result<Component> {
        Component::of_world(module, &self.resolve, self.id)
    }
}
