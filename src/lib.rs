//! Mediatheca Jellyfin Sync: brings what a person watched on their Jellyfin server into their own
//! record of it, without ever harming that record.
//!
//! `ARCHITECTURE.md` is the map. Dependencies point one way: `cli`, `lambda` and `http` name
//! `service`; `service` names `report`, `jellyfin`, `tmdb` and `store`; these name `domain`, and
//! the two clients `outbound`; `domain` names none.

pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod http;
pub mod jellyfin;
pub mod lambda;
pub mod logging;
pub mod outbound;
pub mod report;
pub mod resident;
pub mod service;
pub mod store;
pub mod tmdb;
