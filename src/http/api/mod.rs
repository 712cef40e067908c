//! The handlers of the JSON interface: each takes a request apart, calls the service, and puts the
//! answer together.

pub mod events;
pub mod health;
pub mod library;
pub mod session;
pub mod settings;
pub mod sync;
