//! Objects of a bucket below a prefix: listed, read, and put if a condition holds.
//!
//! Facts about S3 are from its API reference and `docs/s3-and-lambda.md`: a put with
//! `If-None-Match: *` is refused with 412 where the object exists, one with `If-Match` where it is
//! another; 409 says that two puts met, and to try again; and a put whose answer was lost may have
//! worked, so that the SDK's own retry of it is refused with 412.

use std::{io, path::PathBuf, sync::OnceLock, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
    operation::{get_object::GetObjectOutput, head_object::HeadObjectOutput},
    primitives::ByteStream,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::Bytes;
use secrecy::ExposeSecret;

use super::{S3Access, chain::Object};
use crate::store::{StoreError, seal::Entropy};

/// How often a put is sent again because it met another (409).
const MEETINGS: u32 = 6;

/// The metadata by which a writer recognizes its own object.
const WRITER: &str = "writer";

/// A bucket and a prefix in it.
#[derive(Debug)]
pub(super) struct Bucket {
    name: String,
    prefix: String,
    access: S3Access,
    client: OnceLock<Client>,
}

/// The condition of a put.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// There is no such object yet.
    Absent,
    /// The object is still that one.
    Unchanged(String),
}

/// The outcome of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// The object is there.
    Done,
    /// The condition doesn't hold: another writer was quicker.
    Refused,
}

impl Bucket {
    pub(super) fn new(name: &str, prefix: &str, access: S3Access) -> Self {
        Self { name: name.to_owned(), prefix: prefix.to_owned(), access, client: OnceLock::new() }
    }

    /// Made on first use: it takes as long as the rest of a cold start, and `/healthz` doesn't need
    /// it.
    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let S3Access { region, endpoint, path_style, keys, patience, first_pause, page: _ } =
                &self.access;
            let http = aws_smithy_http_client::Builder::new()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build_https();
            let token = keys.session_token.as_ref().map(|token| token.expose_secret().to_owned());
            let secret = keys.secret_access_key.expose_secret();
            let mut config = aws_sdk_s3::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .http_client(http)
                .region(Region::new(region.clone()))
                .credentials_provider(Credentials::new(
                    &keys.access_key_id,
                    secret,
                    token,
                    None,
                    "environment",
                ))
                .force_path_style(*path_style)
                .retry_config(
                    RetryConfig::standard().with_max_attempts(4).with_initial_backoff(*first_pause),
                )
                .timeout_config(
                    TimeoutConfig::builder()
                        .connect_timeout(Duration::from_secs(5))
                        .operation_attempt_timeout(*patience)
                        .build(),
                )
                // What S3 itself asks for; many compatible servers know no more.
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
            if let Some(endpoint) = endpoint {
                config = config.endpoint_url(endpoint);
            }
            Client::from_conf(config.build())
        })
    }

    /// Whether it is at AWS, and not at an endpoint of a compatible server.
    pub(super) fn is_at_aws(&self) -> bool {
        self.access.endpoint.is_none()
    }

    /// The whole name of an object, as S3 has it.
    fn whole(&self, key: &str) -> String {
        if self.prefix.is_empty() { key.to_owned() } else { format!("{}/{key}", self.prefix) }
    }

    pub(super) fn failed(&self, action: &'static str, key: &str, reason: String) -> StoreError {
        let path = PathBuf::from(format!("s3://{}/{}", self.name, self.whole(key)));
        StoreError::Io { action, path, source: io::Error::other(reason) }
    }

    /// Objects of the log in a folder whose names come behind `after` and before `until`, in order.
    pub(super) async fn list(
        &self,
        folder: &str,
        after: &str,
        until: Option<&str>,
    ) -> Result<Vec<Object>, StoreError> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let request = self
                .client()
                .list_objects_v2()
                .bucket(&self.name)
                .prefix(self.whole(folder))
                .max_keys(self.access.page);
            let request = match token.take() {
                Some(token) => request.continuation_token(token),
                None => request.start_after(self.whole(after)),
            };
            let listed =
                request.send().await.map_err(|e| self.failed("listing", folder, reason(&e)))?;
            let mut is_past = false;
            for object in listed.contents() {
                let Some(key) = object.key().and_then(|key| key.strip_prefix(&self.whole("")))
                else {
                    continue;
                };
                let bytes =
                    object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
                is_past |= until.is_some_and(|until| key >= until);
                found.extend(
                    Object::read(key, bytes).filter(|_| until.is_none_or(|until| key < until)),
                );
            }
            token = listed.next_continuation_token().map(str::to_owned);
            if token.is_none() || is_past {
                return Ok(found);
            }
        }
    }

    /// Begins to read an object from some byte on; `None` if it doesn't exist.
    pub(super) async fn get(
        &self,
        key: &str,
        from: u64,
    ) -> Result<Option<GetObjectOutput>, StoreError> {
        let mut request = self.client().get_object().bucket(&self.name).key(self.whole(key));
        if from > 0 {
            request = request.range(format!("bytes={from}-"));
        }
        match request.send().await {
            Ok(object) if from > 0 && object.content_range().is_none() => Err(self.failed(
                "reading",
                key,
                "the object store does not send parts of objects".into(),
            )),
            Ok(object) => Ok(Some(object)),
            Err(error) if self.is_missing(key, &error).await => Ok(None),
            Err(error) => Err(self.failed("reading", key, reason(&error))),
        }
    }

    async fn is_there(&self, key: &str) -> Result<bool, StoreError> {
        let key = self.whole(key);
        let listed = self
            .client()
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(&key)
            .max_keys(1)
            .send()
            .await;
        let listed = listed.map_err(|e| self.failed("listing", &key, reason(&e)))?;
        Ok(listed.contents().iter().any(|object| object.key() == Some(&key)))
    }

    /// Reads a small object whole, with its ETag.
    pub(super) async fn get_whole(
        &self,
        key: &str,
    ) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        let Some(object) = self.get(key, 0).await? else { return Ok(None) };
        let version = object.e_tag().unwrap_or_default().to_owned();
        let body =
            object.body.collect().await.map_err(|e| self.failed("reading", key, e.to_string()))?;
        Ok(Some((body.to_vec(), version)))
    }

    /// The object's ETag; `None` if it doesn't exist.
    pub(super) async fn version(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.head(key).await?.map(|head| head.e_tag().unwrap_or_default().to_owned()))
    }

    /// An object's headers, without its bytes; `None` if it doesn't exist.
    async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, StoreError> {
        match self.client().head_object().bucket(&self.name).key(self.whole(key)).send().await {
            Ok(head) => Ok(Some(head)),
            Err(error) if self.is_missing(key, &error).await => Ok(None),
            Err(error) => Err(self.failed("looking at", key, reason(&error))),
        }
    }

    /// Whether an error says that the object doesn't exist.
    async fn is_missing<E: ProvideErrorMetadata>(&self, key: &str, error: &SdkError<E>) -> bool {
        match status(error) {
            Some(404) => !names_no_bucket(error),
            // A key that may list only a prefix gets 403 in place of 404.
            Some(403) => matches!(self.is_there(key).await, Ok(false)),
            Some(_) | None => false,
        }
    }

    /// Puts an object if the condition holds, exactly once, whatever happens to the answers on
    /// their way.
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        condition: &Condition,
    ) -> Result<Put, StoreError> {
        let writer =
            Entropy::system().id().map_err(|e| self.failed("writing", key, e.to_string()))?;
        for meeting in 1.. {
            let body = ByteStream::from(bytes.clone());
            let request =
                self.client().put_object().bucket(&self.name).key(self.whole(key)).body(body);
            let request = request.metadata(WRITER, &writer);
            let request = match condition {
                Condition::Absent => request.if_none_match("*"),
                Condition::Unchanged(version) => request.if_match(version),
            };
            let patience = TimeoutConfig::builder()
                .operation_attempt_timeout(self.access.patience + at_least(bytes.len()))
                .build();
            let request = request
                .customize()
                .config_override(aws_sdk_s3::Config::builder().timeout_config(patience));
            let Err(error) = request.send().await else { return Ok(Put::Done) };
            match status(&error) {
                Some(409) if meeting < MEETINGS => {
                    tokio::time::sleep(Duration::from_millis(50) * meeting).await;
                    continue;
                }
                // Refused, or it isn't there any more; unless it is our own that an earlier attempt
                // put there.
                Some(404 | 412) if !names_no_bucket(&error) => {
                    return self
                        .own(key, &writer)
                        .await
                        .map(|own| if own { Put::Done } else { Put::Refused });
                }
                Some(status) if status < 500 => {
                    return Err(self.failed("writing", key, reason(&error)));
                }
                // The outcome is unknown (time-out or 5xx): check whether our object is there.
                Some(_) | None if self.own(key, &writer).await? => return Ok(Put::Done),
                Some(_) | None => return Err(self.failed("writing", key, reason(&error))),
            }
        }
        Ok(Put::Refused)
    }

    /// Whether the object is the one that this writer put.
    async fn own(&self, key: &str, writer: &str) -> Result<bool, StoreError> {
        let head = self.head(key).await?;
        Ok(head.is_some_and(|head| {
            head.metadata()
                .and_then(|metadata| metadata.get(WRITER))
                .is_some_and(|own| own == writer)
        }))
    }
}

/// How long a slow line takes to carry this many bytes.
fn at_least(bytes: usize) -> Duration {
    const SLOW_LINE: u64 = 32 * 1024;
    Duration::from_secs(bytes as u64 / SLOW_LINE)
}

fn names_no_bucket<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("NoSuchBucket")
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// What failed, in words that name neither keys nor signatures.
fn reason<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> String {
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let (code, message) = (
                service.err().code().unwrap_or("no code"),
                service.err().message().unwrap_or_default(),
            );
            format!("the object store answers {status} {code} {message}").trim_end().to_owned()
        }
        SdkError::TimeoutError(_) => "the object store did not answer in time".to_owned(),
        other => {
            let mut reasons = vec![other.to_string()];
            let mut cause = std::error::Error::source(other);
            while let Some(error) = cause {
                reasons.push(error.to_string());
                cause = error.source();
            }
            reasons.join(": ")
        }
    }
}
