//! Lambda: invocations in, the one handler, and answers out in the form that each front takes.
//!
//! A Function URL whose invoke mode is `RESPONSE_STREAM` passes an answer on while it is written; an HTTP API, and a
//! Function URL in mode `BUFFERED`, want it whole, in JSON and of limited length. What is due by schedule is imported.

mod invocation;

use std::sync::Arc;

use axum::{Router, body::BodyDataStream, http::header};
use lambda_http::{
    Adapter, LambdaEvent, RequestExt, Service as _,
    aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body},
    lambda_runtime::{
        self, Context, Diagnostic, FunctionResponse, MetadataPrelude, StreamResponse, service_fn,
    },
    request::LambdaRequest,
};
use secrecy::SecretString;
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    http::{Access, Problem, deadline_of, router, wants_progress},
    service::{ScheduledImport, Service, ServiceError, SyncOptions},
};
use invocation::{Front, Invocation, UnknownInvocation};

/// The longest answer that Lambda passes on whole, in bytes of its JSON (Lambda's quotas: 6 MB).
const LONGEST: usize = 6 * 1024 * 1024;

/// Serves Lambda's invocations. Without a token nobody is answered; a schedule needs none, as who may invoke the function
/// is Lambda's own business.
///
/// # Errors
/// The runtime's own interface fails.
pub async fn serve(
    service: Arc<Service>,
    token: Option<SecretString>,
    url_streams: bool,
) -> anyhow::Result<()> {
    let access = token.map_or(Access::Nobody, Access::Token);
    let function = Function { router: router(service.clone(), access), service, url_streams };
    let handler = service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let function = function.clone();
        async move { function.answer(event).await }
    });
    lambda_runtime::run(handler).await.map_err(|error| anyhow::anyhow!(error))
}

/// Why an invocation came to nothing.
#[derive(Debug, thiserror::Error)]
enum InvocationError {
    #[error(transparent)]
    Unknown(#[from] UnknownInvocation),
    #[error("the import that was due came to nothing: {0}")]
    Import(#[from] ServiceError),
    #[error("the answer can't be written as JSON: {0}")]
    Answer(#[from] serde_json::Error),
}

/// Lambda counts it among the function's errors, and keeps it in the function's log.
impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match &error {
            InvocationError::Unknown(_) => "unknown_invocation",
            InvocationError::Import(error) => error.code(),
            InvocationError::Answer(_) => "internal",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

/// An answer in the form that its front takes.
type Answer = FunctionResponse<Box<RawValue>, BodyDataStream>;

#[derive(Clone)]
struct Function {
    service: Arc<Service>,
    router: Router,
    url_streams: bool,
}

impl Function {
    async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Answer, InvocationError> {
        let (payload, context) = event.into_parts();
        match Invocation::read(&payload)? {
            Invocation::Request { request, front: Front::FunctionUrl } if self.url_streams => {
                Ok(FunctionResponse::StreamingResponse(self.stream(*request, context).await))
            }
            Invocation::Request { request, .. } => {
                Ok(FunctionResponse::BufferedResponse(self.answer_whole(*request, context).await?))
            }
            Invocation::Schedule => {
                Ok(FunctionResponse::BufferedResponse(self.import_what_is_due(&context).await?))
            }
        }
    }

    async fn stream(
        &self,
        request: LambdaRequest,
        context: Context,
    ) -> StreamResponse<BodyDataStream> {
        let request: lambda_http::Request = request.into();
        let Ok(answer) = self.router.clone().call(request.with_lambda_context(context)).await;
        let (mut parts, body) = answer.into_parts();
        let cookies = parts.headers.get_all(header::SET_COOKIE).iter();
        let cookies =
            cookies.filter_map(|cookie| cookie.to_str().ok().map(str::to_owned)).collect();
        parts.headers.remove(header::SET_COOKIE);
        let metadata_prelude =
            MetadataPrelude { status_code: parts.status, headers: parts.headers, cookies };
        StreamResponse { metadata_prelude, stream: body.into_data_stream() }
    }

    async fn answer_whole(
        &self,
        mut request: LambdaRequest,
        context: Context,
    ) -> Result<Box<RawValue>, serde_json::Error> {
        if let LambdaRequest::ApiGatewayV2(request) = &mut request {
            // Who asks for progress gets the result: all of the progress, once it is over, helps nobody.
            if wants_progress(&request.headers) {
                request.headers.remove(header::ACCEPT);
            }
        }
        let Ok(answer) =
            Adapter::from(self.router.clone()).call(LambdaEvent::new(request, context)).await;
        let answer = to_raw_value(&answer)?;
        if answer.get().len() <= LONGEST { Ok(answer) } else { too_long(answer.get().len()) }
    }

    async fn import_what_is_due(
        &self,
        context: &Context,
    ) -> Result<Box<RawValue>, InvocationError> {
        let options =
            SyncOptions { deadline: Some(deadline_of(context)), ..SyncOptions::default() };
        let automatic = self.service.schedule().import(options).await?;
        eprintln!("{automatic}");
        let result = match &automatic {
            ScheduledImport::Imported(report) => to_raw_value(report),
            ScheduledImport::NotSetUp | ScheduledImport::AlreadyRunning => {
                to_raw_value(&automatic.to_string())
            }
        };
        Ok(result?)
    }
}

/// Lambda would answer "internal server error" in its place.
fn too_long(length: usize) -> Result<Box<RawValue>, serde_json::Error> {
    let problem = Problem::new(
        "answer_too_large",
        format!(
            "the answer has {} MB, and this front passes on {} MB at most: ask for less (`GET /api/events` takes `after`), or call \
             a Function URL whose invoke mode is RESPONSE_STREAM",
            length.div_ceil(1_000_000),
            LONGEST / 1_000_000
        ),
    );
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(problem.status().as_u16());
    answer
        .headers
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
    answer.body = Some(Body::Text(serde_json::to_string(&problem)?));
    to_raw_value(&answer)
}
