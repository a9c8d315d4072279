//! A built site as a file server would hand it out. `build`: what the pages
//! say and that they are the same each time. `front`: releases, goals, age. `links`: every link leads
//! somewhere inside. `markup`: valid HTML that the content policy allows.
//! `contrast`: colours that can be read.
//! `extras`: feed, badges and pictures. `hostile`: names that are markup stay text.
//! `serve`: the preview server. `bars`: how large and how fast, on demand. `database`: from a real store.
//! `kept`: what a later build takes over from the one before.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod fixture;

mod site {
    //! Reading a built site.
    pub(crate) mod bars;
    pub(crate) mod build;
    pub(crate) mod contrast;
    pub(crate) mod database;
    pub(crate) mod extras;
    pub(crate) mod front;
    pub(crate) mod hostile;
    pub(crate) mod kept;
    pub(crate) mod links;
    pub(crate) mod markup;
    pub(crate) mod pages;
    pub(crate) mod serve;
}
