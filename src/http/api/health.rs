//! Whether the process answers at all.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Said by a process that answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Says that the process answers, without touching the store.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}
