//! A Jellyfin that answers as a test says: soundly, slowly, half-way, in gzip, over TLS, or never.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::{TlsAcceptor, rustls, server::TlsStream};

/// The user that a sound server knows.
pub const USER: &str = "71de9afeb045496a8ec50e88d4ece2c1";

/// An answer, and when it is given.
pub enum Answer {
    Now(Response),
    After(Duration, Response),
    /// Once the test lets one through.
    Through(Arc<Semaphore>, Response),
    Never,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Now(response)
    }
}

type Script = dyn Fn(&str, usize) -> Answer + Send + Sync;

/// A scripted server, and what it was asked.
pub struct Scripted {
    /// Gets a request's method and target, and how many times that very request came before.
    script: Box<Script>,
    targets: Mutex<Vec<String>>,
    /// Every request whole: target, headers, body.
    heard: Mutex<String>,
    in_progress: AtomicUsize,
    most_in_progress: AtomicUsize,
}

impl Scripted {
    fn new<A: Into<Answer>>(
        script: impl Fn(&str, usize) -> A + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(move |target, before| script(target, before).into()),
            targets: Mutex::default(),
            heard: Mutex::default(),
            in_progress: AtomicUsize::new(0),
            most_in_progress: AtomicUsize::new(0),
        })
    }

    /// Requests so far whose method and target contain a text.
    pub fn count(&self, part: &str) -> usize {
        self.targets.lock().unwrap().iter().filter(|target| target.contains(part)).count()
    }

    /// Everything that was sent so far: targets, headers and bodies.
    pub fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }

    /// The most requests that were in progress at the same time.
    pub fn most_in_progress(&self) -> usize {
        self.most_in_progress.load(Ordering::SeqCst)
    }

    fn note(&self, target: &str, whole: &str) -> usize {
        self.heard.lock().unwrap().push_str(whole);
        let mut targets = self.targets.lock().unwrap();
        let before = targets.iter().filter(|earlier| *earlier == target).count();
        targets.push(target.to_owned());
        before
    }
}

async fn answer(State(server): State<Arc<Scripted>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = format!("{} {}", parts.method, parts.uri.path_and_query().unwrap());
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let whole = format!("{target}\n{:?}\n{}\n", parts.headers, String::from_utf8_lossy(&body));
    let before = server.note(&target, &whole);
    let now = server.in_progress.fetch_add(1, Ordering::SeqCst) + 1;
    server.most_in_progress.fetch_max(now, Ordering::SeqCst);
    let response = match (server.script)(&target, before) {
        Answer::Now(response) => response,
        Answer::After(time, response) => {
            tokio::time::sleep(time).await;
            response
        }
        Answer::Through(gate, response) => {
            gate.acquire().await.unwrap().forget();
            response
        }
        Answer::Never => std::future::pending().await,
    };
    server.in_progress.fetch_sub(1, Ordering::SeqCst);
    response
}

/// A server that answers as a test says, and its address.
pub async fn scripted<A: Into<Answer>>(
    script: impl Fn(&str, usize) -> A + Send + Sync + 'static,
) -> (String, Arc<Scripted>) {
    let server = Scripted::new(script);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().fallback(answer).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, server)
}

/// The same over TLS, with a certificate that no machine trusts (`tests/tls/`, made for these tests
/// alone).
pub async fn scripted_over_tls<A: Into<Answer>>(
    script: impl Fn(&str, usize) -> A + Send + Sync + 'static,
) -> (String, Arc<Scripted>) {
    let server = Scripted::new(script);
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}", tcp.local_addr().unwrap().port());
    let routes = Router::new().fallback(answer).with_state(server.clone());
    let listener = TlsListener { tcp, acceptor: self_signed() };
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, server)
}

fn self_signed() -> TlsAcceptor {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    crate::support::app::with_tls();
    let certificate =
        CertificateDer::from_pem_slice(include_bytes!("../../tls/certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../tls/key.pem")).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            // A client that refuses the certificate ends the handshake.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// A sound server at which requests with that text in their target wait until the test lets them
/// through; and how many have arrived.
pub async fn gated(waiting: &'static str) -> (String, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (gate, arrived) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (gate_of_server, counter) = (gate.clone(), arrived.clone());
    let (url, _) = scripted(move |target, _| {
        if target.contains(waiting) {
            counter.fetch_add(1, Ordering::SeqCst);
            Answer::Through(gate_of_server.clone(), sound(target))
        } else {
            sound(target).into()
        }
    })
    .await;
    (url, gate, arrived)
}

pub fn ok(body: Value) -> Response {
    axum::Json(body).into_response()
}

pub fn status(status: u16) -> Response {
    StatusCode::from_u16(status).unwrap().into_response()
}

/// An answer that breaks off after a text.
pub fn cut_off(text: &'static str) -> Response {
    let half = stream::iter([Ok(text), Err(std::io::Error::other("cut"))]);
    Body::from_stream(half).into_response()
}

/// A blank after each pause: never silent for long, and never at its end.
pub fn dripping(pause: Duration) -> Response {
    let drip = stream::unfold((), move |()| async move {
        tokio::time::sleep(pause).await;
        Some((Ok::<_, std::io::Error>(" "), ()))
    });
    Body::from_stream(drip).into_response()
}

/// Blanks as fast as they are taken.
pub fn without_end() -> Response {
    let blanks = || Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 64 * 1024]));
    Body::from_stream(stream::repeat_with(blanks)).into_response()
}

/// An answer packed as gzip.
pub fn gzip(body: &[u8]) -> Response {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(body).unwrap();
    ([("content-encoding", "gzip")], gzip.finish().unwrap()).into_response()
}

/// A played item, as Jellyfin lists it.
pub fn item(n: usize, kind: &str) -> Value {
    json!({"Id":format!("{n:032x}"),"Name":format!("{kind} {n}"),"Type":kind,"ProviderIds":{"Tmdb":format!("{}", n + 1)},
        "SeriesId":format!("{:032x}", 5000),"ParentIndexNumber":1,"IndexNumber":n,
        "UserData":{"Played":true,"PlayCount":1,"LastPlayedDate":"2024-03-01T20:00:00Z"}})
}

/// What a sound server answers to everything but the list that a test is about.
pub fn sound(target: &str) -> Response {
    match target {
        t if t.contains("/System/Info/Public") => {
            ok(json!({"ServerName":"NAS","Version":"10.11.11","Id":"5e".repeat(16)}))
        }
        t if t.contains("AuthenticateByName") => {
            ok(json!({"User":{"Id":USER,"Name":"anna"},"AccessToken":"fresh"}))
        }
        t if t.contains("/Users/Me") => ok(json!({"Id":USER,"Name":"anna"})),
        t if t.contains("includeItemTypes=Series") => {
            let mut series = item(5000, "Series");
            series["ProviderIds"]["Tmdb"] = json!("70523");
            ok(json!({"Items":[series],"TotalRecordCount":1}))
        }
        t if t.contains("/Shows/") => {
            ok(json!({"Items":[item(7, "Episode")],"TotalRecordCount":1}))
        }
        t if t.contains("includeItemTypes=Episode") => {
            ok(json!({"Items":[item(7, "Episode")],"TotalRecordCount":1}))
        }
        _ => ok(json!({"Items":[],"TotalRecordCount":0})),
    }
}

/// A number of a target's query.
fn number_in(target: &str, name: &str) -> usize {
    let (_, rest) = target.split_once(&format!("{name}=")).unwrap();
    rest.split('&').next().unwrap().parse().unwrap()
}

/// A page of some movies, cut as the request asks.
pub fn page(target: &str, total: usize) -> Value {
    let (start, limit) = (number_in(target, "startIndex"), number_in(target, "limit"));
    let items: Vec<Value> = (start..(start + limit).min(total)).map(|n| item(n, "Movie")).collect();
    json!({"Items":items,"TotalRecordCount":total,"StartIndex":start})
}
