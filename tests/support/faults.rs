//! A way to a server on which things go wrong, on demand.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http::{Method, Request, Response, StatusCode};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with that status and never reaches the server.
    Answer(StatusCode, &'static str),
    /// The connection is cut before it reaches the server.
    CutBefore,
    /// It reaches the server, and the connection is cut before the answer comes.
    CutAfter,
    /// It reaches the server, and the answer never comes.
    Silence,
    /// The answer breaks off in its middle.
    HalfTheAnswer,
}

#[derive(Default)]
struct Plan {
    faults: Vec<(Method, String, Fault)>,
    seen: Vec<String>,
}

/// A way to a server, of which some requests never arrive and some answers never come back.
#[derive(Clone)]
pub struct FaultyWay {
    pub url: String,
    plan: Arc<Mutex<Plan>>,
}

impl FaultyWay {
    pub async fn to(server: &str) -> Self {
        super::app::with_tls();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let plan = Arc::new(Mutex::new(Plan::default()));
        let (client, server, shared) = (reqwest::Client::new(), server.to_owned(), plan.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (client, server, plan) = (client.clone(), server.clone(), shared.clone());
                let service = service_fn(move |request| {
                    pass(client.clone(), server.clone(), plan.clone(), request)
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, plan }
    }

    /// The next requests of that method whose path contains the text meet these faults, one each.
    pub fn next(&self, method: Method, containing: &str, faults: &[Fault]) {
        let faults = faults.iter().map(|fault| (method.clone(), containing.to_owned(), *fault));
        self.plan.lock().unwrap().faults.extend(faults);
    }

    /// Whether every fault was met.
    pub fn met_all(&self) -> bool {
        self.plan.lock().unwrap().faults.is_empty()
    }

    /// From now on all goes well.
    pub fn heal(&self) {
        self.plan.lock().unwrap().faults.clear();
    }

    /// How many requests of that method, on a path that contains the text, were seen.
    pub fn seen(&self, method: &Method, containing: &str) -> usize {
        let plan = self.plan.lock().unwrap();
        plan.seen
            .iter()
            .filter(|line| line.starts_with(method.as_str()) && line.contains(containing))
            .count()
    }
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
struct Cut;

async fn pass(
    client: reqwest::Client,
    server: String,
    plan: Arc<Mutex<Plan>>,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().unwrap().to_string();
    let fault = {
        let mut plan = plan.lock().unwrap();
        plan.seen.push(format!("{} {path}", parts.method));
        let met = plan
            .faults
            .iter()
            .position(|(method, text, _)| *method == parts.method && path.contains(text));
        met.map(|at| plan.faults.remove(at).2)
    };
    let body = axum::body::to_bytes(Body::new(body), usize::MAX).await.map_err(|_| Cut)?;
    match fault {
        Some(Fault::CutBefore) => return Err(Cut),
        Some(Fault::Answer(status, code)) => {
            let xml = format!(
                "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>on the way</Message></Error>"
            );
            return Ok(Response::builder()
                .status(status)
                .header("content-type", "application/xml")
                .body(xml.into())
                .unwrap());
        }
        Some(Fault::CutAfter | Fault::Silence | Fault::HalfTheAnswer) | None => {}
    }
    let sent = client
        .request(parts.method, format!("{server}{path}"))
        .headers(parts.headers)
        .body(body)
        .send()
        .await;
    let answer = sent.map_err(|_| Cut)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.map_err(|_| Cut)?;
    match fault {
        Some(Fault::CutAfter) => return Err(Cut),
        Some(Fault::Silence) => {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            return Err(Cut);
        }
        Some(Fault::CutBefore | Fault::Answer(..) | Fault::HalfTheAnswer) | None => {}
    }
    let mut response = Response::builder().status(status);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "transfer-encoding") {
        response = response.header(name, value);
    }
    let body = match fault {
        // As long as promised, half of it, and then nothing more.
        Some(Fault::HalfTheAnswer) => {
            let half: Vec<Result<Bytes, std::io::Error>> = vec![
                Ok(bytes.slice(..bytes.len() / 2)),
                Err(std::io::ErrorKind::ConnectionReset.into()),
            ];
            Body::from_stream(futures_util::stream::iter(half))
        }
        _ => Body::from(bytes),
    };
    Ok(response.body(body).unwrap())
}
