//! The host: at most one guest at a time, which is loaded from where it lies,
//! called within limits, and unloaded whatever became of it.
//!
//! Where guests can be async, every call of any guest makes a task and a thread in
//! Wasmtime's tables, which more than doubles what a sync call costs. So there is an
//! engine for each of the two kinds; the one that was needed last is kept.

use crate::board::Board;
use crate::limits::{Cap, FUEL};
use crate::link;
use crate::settings::Settings;
use crate::state::State;
use wasmtime::component::{
    Component, ComponentNamedList, Instance, Lift, Linker, Lower, TypedFunc,
};
use wasmtime::{Config, Engine, Error, Module, Result, Store, Trap};

/// The programs that are on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest {
    /// `guests/probe.wat`.
    Probe,
    /// `guests/probe-async.wat`; only with concurrency support.
    ProbeAsync,
    /// `guests/sensor.wat`.
    Sensor,
    /// `guests/handler.wat`.
    Handler,
    /// `guests/rogue.wat`.
    Rogue,
}

impl Guest {
    /// Whether it has async functions.
    pub const fn is_async(self) -> bool {
        matches!(self, Self::ProbeAsync)
    }
}

/// What a board adds to the settings of an engine.
pub type Configure = fn(&mut Config) -> Result<()>;

/// Where programs come from.
pub trait Library {
    /// A component, ready to be instantiated.
    ///
    /// # Errors
    /// When it is not there or does not fit the engine.
    fn component(&self, engine: &Engine, guest: Guest) -> Result<Component>;

    /// The one core module, `guests/probe-core.wat`.
    ///
    /// # Errors
    /// As [`Library::component`].
    fn module(&self, engine: &Engine) -> Result<Module>;
}

/// What is set up once.
pub struct Host {
    /// The machine.
    pub board: &'static dyn Board,
    /// The programs.
    pub library: &'static dyn Library,
    /// Whether guests can be async.
    pub concurrency: bool,
    configure: Configure,
    /// Of the kind of guest that was needed last.
    runtime: Option<Runtime>,
    /// With no guest; `None` while there is one.
    state: Option<State>,
}

/// What runs one kind of guest.
struct Runtime {
    engine: Engine,
    linker: Linker<State>,
    is_async: bool,
}

/// A guest that can be called. Who is done with it gives it back to
/// [`Host::unload`].
pub struct Loaded {
    /// Its memory and what it works on.
    pub store: Store<State>,
    /// Its exports.
    pub instance: Instance,
}

/// How a call ended that gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It wanted more memory than it may have, and gave up.
    OutOfMemory,
    /// It was still running when its fuel was used up.
    OutOfFuel,
    /// It did what is not defined, or ended itself.
    Trapped,
    /// Something else, which is the host's fault.
    Failed,
}

impl Host {
    /// A host without an engine: the first guest decides which it needs.
    pub fn new(
        board: &'static dyn Board,
        library: &'static dyn Library,
        concurrency: bool,
        configure: Configure,
    ) -> Self {
        let state = Some(State::new(board));
        Self { board, library, concurrency, configure, runtime: None, state }
    }

    /// The engine for async guests, or that for others.
    ///
    /// # Errors
    /// When this host cannot be async, or the memory does not suffice.
    pub fn engine(&mut self, is_async: bool) -> Result<&Engine> {
        if is_async && !self.concurrency {
            return Err(Error::msg("built without concurrency support"));
        }
        if self.runtime.as_ref().is_none_or(|kept| kept.is_async != is_async) {
            // There is no room for both.
            self.runtime = None;
            let mut config = Config::new();
            (self.configure)(&mut config)?;
            Settings::of_boards(is_async).apply(&mut config);
            let engine = Engine::new(&config)?;
            let linker = link::components(&engine, is_async)?;
            self.runtime = Some(Runtime { engine, linker, is_async });
        }
        Ok(&self.runtime()?.engine)
    }

    /// A component from where it lies, ready to be instantiated.
    ///
    /// # Errors
    /// As [`Host::engine`] and [`Library::component`].
    pub fn component(&mut self, guest: Guest) -> Result<Component> {
        let library = self.library;
        library.component(self.engine(guest.is_async())?, guest)
    }

    fn runtime(&self) -> Result<&Runtime> {
        self.runtime.as_ref().ok_or_else(|| Error::msg("no guest was asked for yet"))
    }

    /// What guests work on, while there is none.
    ///
    /// # Errors
    /// While there is one.
    pub fn state(&mut self) -> Result<&mut State> {
        self.state.as_mut().ok_or_else(occupied)
    }

    /// Makes an instance of a component.
    ///
    /// # Errors
    /// When it asks for more than it may have; it is unloaded then.
    pub fn instantiate(&mut self, component: &Component) -> Result<Loaded> {
        let mut store = self.store()?;
        match self.runtime()?.linker.instantiate(&mut store, component) {
            Ok(instance) => Ok(Loaded { store, instance }),
            Err(error) => {
                self.take_back(store);
                Err(error)
            }
        }
    }

    /// The same for one with async exports.
    ///
    /// # Errors
    /// As [`Host::instantiate`].
    #[cfg(feature = "concurrency")]
    pub fn instantiate_async(&mut self, component: &Component) -> Result<Loaded> {
        let mut store = self.store()?;
        let linker = &self.runtime()?.linker;
        let made = crate::executor::block_on(linker.instantiate_async(&mut store, component));
        match made {
            Ok(instance) => Ok(Loaded { store, instance }),
            Err(error) => {
                self.take_back(store);
                Err(error)
            }
        }
    }

    /// Loads a guest from where it lies.
    ///
    /// # Errors
    /// As [`Library::component`] and [`Host::instantiate`].
    pub fn load(&mut self, guest: Guest) -> Result<Loaded> {
        let component = self.component(guest)?;
        self.instantiate(&component)
    }

    /// Ends a guest, whatever state it is in.
    pub fn unload(&mut self, loaded: Loaded) {
        self.take_back(loaded.store);
    }

    /// A store with all limits set.
    ///
    /// # Errors
    /// While another guest is loaded.
    pub fn store(&mut self) -> Result<Store<State>> {
        let engine = self.runtime()?.engine.clone();
        let mut state = self.state.take().ok_or_else(occupied)?;
        state.cap = Cap::default();
        let mut store = Store::new(&engine, state);
        store.limiter(|state| &mut state.cap);
        store.set_fuel(FUEL)?;
        Ok(store)
    }

    /// Ends what is in a store.
    pub fn take_back(&mut self, store: Store<State>) {
        self.state = Some(store.into_data());
    }
}

impl Loaded {
    /// An export.
    ///
    /// # Errors
    /// When there is none of that name and type.
    pub fn function<P, R>(&mut self, name: &str) -> Result<TypedFunc<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        self.instance.get_typed_func(&mut self.store, name)
    }

    /// Calls it within the limits.
    ///
    /// # Errors
    /// When it ends without an answer; [`Loaded::ended`] says how. It should be
    /// unloaded then.
    pub fn call<P, R>(&mut self, function: &TypedFunc<P, R>, parameters: P) -> Result<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        self.store.set_fuel(FUEL)?;
        function.call(&mut self.store, parameters)
    }

    /// How a call ended.
    pub fn ended(&self, error: &Error) -> Ended {
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Ended::OutOfFuel,
            _ if self.store.data().cap.has_refused => Ended::OutOfMemory,
            Some(_) => Ended::Trapped,
            None => Ended::Failed,
        }
    }
}

fn occupied() -> Error {
    Error::msg("another guest is loaded")
}
