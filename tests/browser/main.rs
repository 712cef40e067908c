//! The pages as people use them: in a real browser, against the real handler on a real port.
//!
//! Wants Debian's `chromium` and `chromium-driver` and the accessibility checker axe; `tests/run`
//! installs all three. A picture of every page is left in `tests/artefacts`.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod accessibility;
mod browser;
#[path = "../../benches/speed/generate.rs"]
#[expect(dead_code, reason = "the benches use the rest of it")]
mod generate;
mod journeys;
#[path = "../../benches/speed/server.rs"]
#[expect(dead_code, reason = "the benches use the rest of it")]
mod server;
mod site;
mod weight;
