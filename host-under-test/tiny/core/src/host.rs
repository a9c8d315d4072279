//! The host: one engine, and at most one guest at a time, which is loaded from
//! where it lies, called within limits, and unloaded whatever became of it.

use crate::board::Board;
use crate::limits::{Cap, FUEL};
use crate::link;
use crate::settings::Settings;
use crate::state::State;
use wasmtime::component::{Component, ComponentNamedList, Instance, Lift, Lower, TypedFunc};
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
    engine: Engine,
    linker: wasmtime::component::Linker<State>,
    /// With no guest; `None` while there is one.
    state: Option<State>,
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
    /// Sets up an engine that fits the settings.
    ///
    /// # Errors
    /// When the memory does not suffice.
    pub fn new(
        board: &'static dyn Board,
        library: &'static dyn Library,
        settings: &Settings,
        mut config: Config,
    ) -> Result<Self> {
        settings.apply(&mut config);
        Self::with_engine(board, library, settings.concurrency, Engine::new(&config)?)
    }

    /// Takes an engine that is set up.
    ///
    /// # Errors
    /// When the memory does not suffice.
    pub fn with_engine(
        board: &'static dyn Board,
        library: &'static dyn Library,
        concurrency: bool,
        engine: Engine,
    ) -> Result<Self> {
        let linker = link::components(&engine, concurrency)?;
        let state = Some(State::new(board));
        Ok(Self { board, library, concurrency, engine, linker, state })
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
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
        match self.linker.instantiate(&mut store, component) {
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
        let made = crate::executor::block_on(self.linker.instantiate_async(&mut store, component));
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
        let component = self.library.component(&self.engine, guest)?;
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
        let mut state = self.state.take().ok_or_else(occupied)?;
        state.cap = Cap::default();
        let mut store = Store::new(&self.engine, state);
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
