//! What only a checkout knows, from whoever has one.

use site::Inputs;
use std::future::Future;
use std::pin::Pin;
use store::Store;

/// What people wrote, on its way.
pub type Inputting<'a> = Pin<Box<dyn Future<Output = Result<Inputs, String>> + Send + 'a>>;

/// A checkout: its suites, its configuration, its releases, and what its gate says of
/// stored comparisons. The same as the static site is made of.
pub trait Checkout: Send + Sync {
    /// Reads it anew.
    fn inputs<'a>(&'a self, store: &'a Store) -> Inputting<'a>;
}
