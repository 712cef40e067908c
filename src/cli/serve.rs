//! Serving: a port of this machine, until interrupted.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, bail};
use secrecy::SecretString;

use super::report_torn;
use crate::{
    http::{Access, router},
    resident,
    service::Service,
};

/// Serves until interrupted. An address that others can reach needs a token.
///
/// # Errors
/// The address needs a token and there is none, or it can't be listened on.
pub(super) async fn serve(
    service: Arc<Service>,
    listen: SocketAddr,
    token: Option<SecretString>,
) -> anyhow::Result<()> {
    let access = match token {
        Some(token) => Access::Token(token),
        None if listen.ip().is_loopback() => Access::Loopback,
        None => {
            bail!("others can reach {listen}: set MEDIATHECA_API_TOKEN, or listen on 127.0.0.1")
        }
    };
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .with_context(|| format!("can't listen on {listen}"))?;
    if let Some(torn) = service.setup().recover().await? {
        report_torn(&torn);
    }
    eprintln!("listening on http://{}", listener.local_addr()?);
    let _loops = resident::start(&service);
    axum::serve(listener, router(service, access)).with_graceful_shutdown(interrupted()).await?;
    Ok(())
}

/// Waits for Ctrl-C, or for a service manager's polite end.
async fn interrupted() {
    let ctrl_c = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => {
                tokio::select! { _ = ctrl_c => {}, _ = terminated.recv() => {} }
            }
            Err(_) => drop(ctrl_c.await),
        }
    }
    #[cfg(not(unix))]
    drop(ctrl_c.await);
}
