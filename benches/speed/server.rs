//! A large Jellyfin that answers at once: what a scan takes above the bare transfer is the scan's
//! own.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use mediatheca_jellyfin_sync::report::JellyfinInput;
use serde_json::{Value, json};

type Answers = Arc<Mutex<BTreeMap<String, Bytes>>>;

pub struct Server {
    pub url: String,
    made: Answers,
    pause: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Library {
    pause: Arc<AtomicU64>,
    lists: Arc<BTreeMap<&'static str, Vec<Value>>>,
    made: Answers,
}

fn item(n: u32, kind: &str, name: String) -> Value {
    json!({"Name":name,"ServerId":"5e".repeat(16),"Id":format!("{n:032x}"),"Container":"mkv","ChannelId":null,"RunTimeTicks":54_000_000_000_i64,
        "ProductionYear":1950 + n % 70,"ProviderIds":{"Tmdb":format!("{}", n % 1_000_000 + 1),"Imdb":format!("tt{n:07}")},"IsFolder":false,"Type":kind,
        "UserData":{"PlaybackPositionTicks":0,"PlayCount":1,"IsFavorite":false,"LastPlayedDate":"2024-03-01T20:15:30.1234567Z","Played":true,
            "Key":format!("{n:032x}"),"ItemId":format!("{n:032x}")},
        "VideoType":"VideoFile","ImageTags":{},"BackdropImageTags":[],"ImageBlurHashes":{},"LocationType":"FileSystem","MediaType":"Video"})
}

impl Server {
    pub async fn start(movies: u32, series: u32, episodes: u32) -> Self {
        let episode = |n: u32| {
            let (of, number) = (n / episodes, n % episodes);
            let mut episode = item(3_000_000 + n, "Episode", format!("Episode {number}"));
            episode["SeriesId"] = json!(format!("{:032x}", 1_000_000 + of));
            episode["SeriesName"] = json!(format!("Series number {of}"));
            episode["ParentIndexNumber"] = json!(1 + number / 10);
            episode["IndexNumber"] = json!(1 + number % 10);
            episode
        };
        let lists = BTreeMap::from([
            (
                "Movie",
                (0..movies)
                    .map(|n| item(n, "Movie", format!("Film number {n}")))
                    .collect::<Vec<_>>(),
            ),
            (
                "Series",
                (0..series)
                    .map(|n| item(1_000_000 + n, "Series", format!("Series number {n}")))
                    .collect(),
            ),
            ("Episode", (0..series * episodes).map(episode).collect()),
        ]);
        let made = Answers::default();
        let pause = Arc::new(AtomicU64::new(0));
        let library = Library { lists: Arc::new(lists), made: made.clone(), pause: pause.clone() };
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(answer).with_state(library)).await
        });
        Self { url, made, pause }
    }

    pub fn credentials(&self) -> JellyfinInput {
        let input = json!({"serverUrl":self.url,"username":"anna","password":"pw"});
        serde_json::from_value(input).unwrap()
    }

    /// From now on every page takes that long, as a real server's query does.
    pub fn pause(&self, milliseconds: u64) {
        self.pause.store(milliseconds, Ordering::Relaxed);
    }

    pub fn requests_of_a_scan(&self) -> usize {
        1 + self.made.lock().unwrap().len()
    }

    /// Gets what the scan got, as many at once, and looks at none of it.
    pub async fn bare_transfer(&self) -> Duration {
        let client = reqwest::Client::new();
        let targets: Vec<String> = self.made.lock().unwrap().keys().cloned().collect();
        let began = Instant::now();
        let places = Arc::new(tokio::sync::Semaphore::new(4));
        let transfers = targets.into_iter().map(|target| {
            let (client, url, places) =
                (client.clone(), format!("{}{target}", self.url), places.clone());
            tokio::spawn(async move {
                let _place = places.acquire().await.unwrap();
                client.get(url).send().await.unwrap().bytes().await.unwrap().len()
            })
        });
        for transfer in transfers.collect::<Vec<_>>() {
            assert!(transfer.await.unwrap() > 0);
        }
        began.elapsed()
    }
}

async fn answer(State(library): State<Library>, request: Request) -> Response {
    match request.uri().path() {
        "/System/Info/Public" => {
            Json(json!({"ServerName":"NAS","Version":"10.11.11","Id":"5e".repeat(16)}))
                .into_response()
        }
        "/Users/AuthenticateByName" => {
            Json(json!({"User":{"Id":"1a".repeat(16),"Name":"anna"},"AccessToken":"token"}))
                .into_response()
        }
        path if path.ends_with("/Images/Primary") => {
            let one_pixel = include_bytes!("pixel.gif");
            ([(header::CONTENT_TYPE, "image/gif")], &one_pixel[..]).into_response()
        }
        "/Users/Me" => Json(json!({"Id":"1a".repeat(16),"Name":"anna"})).into_response(),
        _ => {
            let target = request.uri().to_string();
            let made = library.made.lock().unwrap().get(&target).cloned();
            let body = made.unwrap_or_else(|| {
                let body = page(&library, &target);
                library.made.lock().unwrap().insert(target, body.clone());
                body
            });
            tokio::time::sleep(Duration::from_millis(library.pause.load(Ordering::Relaxed))).await;
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
    }
}

/// Made once; every later request gets the same bytes, so that the server's own work isn't
/// measured.
fn page(library: &Library, target: &str) -> Bytes {
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(target.split_once('?').unwrap().1.as_bytes())
            .into_owned()
            .collect();
    let list = &library.lists[query["includeItemTypes"].as_str()];
    let number = |name: &str| query[name].parse::<usize>().unwrap();
    let items: Vec<&Value> = list.iter().skip(number("startIndex")).take(number("limit")).collect();
    serde_json::to_vec(
        &json!({"Items":items,"TotalRecordCount":list.len(),"StartIndex":number("startIndex")}),
    )
    .unwrap()
    .into()
}
