//! Lambda: invocations in, the one handler, and answers out in the form that each front takes.
//!
//! A Function URL whose invoke mode is `RESPONSE_STREAM` passes an answer on while it is written.
//! An HTTP API, and a Function URL in mode `BUFFERED`, take it whole, in JSON and of limited
//! length. A scheduled event is an import.

mod deadline;
mod invocation;

use std::sync::Arc;

use axum::{Router, body::BodyDataStream, http::header, middleware};
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
    http::{Access, router, wants_progress},
    report::{Problem, ProblemCode},
    service::{Service, ServiceError, SyncOptions},
};
use deadline::deadline_of;
use invocation::{Front, Invocation, UnknownInvocation};

/// The longest answer that Lambda passes on whole, in bytes of its JSON (Lambda's quotas: 6 MB).
const LONGEST: usize = 6 * 1024 * 1024;

/// Serves Lambda's invocations. Without a token no request is answered. A schedule needs none:
/// Lambda itself decides who may invoke the function.
///
/// # Errors
/// The runtime's own interface fails.
pub async fn serve(
    service: Arc<Service>,
    token: Option<SecretString>,
    url_streams: bool,
) -> anyhow::Result<()> {
    let access = token.map_or(Access::Closed, Access::Token);
    let router = router(service.clone(), access).layer(middleware::from_fn(deadline::set));
    let function = Function { router, service, url_streams };
    let handler = service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let function = function.clone();
        async move { function.answer(event).await }
    });
    lambda_runtime::run(handler).await.map_err(|error| anyhow::anyhow!(error))
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
enum InvocationError {
    #[error(transparent)]
    Unknown(#[from] UnknownInvocation),
    #[error("the scheduled import failed: {0}")]
    Import(#[from] ServiceError),
    #[error("the answer can't be written as JSON: {0}")]
    Answer(#[from] serde_json::Error),
}

/// Lambda counts it as an error of the function and writes it to the function's log. So no title is
/// named: the reason is in the status.
impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match &error {
            InvocationError::Unknown(_) => "unknown_invocation".to_owned(),
            InvocationError::Import(error) => error.code().to_string(),
            InvocationError::Answer(_) => ProblemCode::Internal.to_string(),
        };
        let error_message = match &error {
            InvocationError::Import(error) => {
                let title = error.code().title();
                format!("the scheduled import failed: {title}; GET /api/jellyfin/status says why")
            }
            InvocationError::Unknown(_) | InvocationError::Answer(_) => error.to_string(),
        };
        Self { error_type, error_message }
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
            // This front sends the answer when the run is over: progress would come too late, so
            // the result alone is sent.
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
        let import = self.service.schedule().import(options).await?;
        let result = match import.ran() {
            Ok(report) => to_raw_value(report),
            Err(reason) => {
                tracing::info!("{reason}");
                to_raw_value(reason)
            }
        };
        Ok(result?)
    }
}

/// Without this, Lambda would answer "internal server error".
fn too_long(length: usize) -> Result<Box<RawValue>, serde_json::Error> {
    let problem = Problem::new(
        ProblemCode::AnswerTooLarge,
        format!(
            "the answer has {} MB, more than the {} MB that Lambda passes on here: ask for less (`GET /api/events` \
             takes `after`), or use a Function URL whose invoke mode is RESPONSE_STREAM",
            length.div_ceil(1_000_000),
            LONGEST / 1_000_000
        ),
    );
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(problem.status());
    answer
        .headers
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
    answer.body = Some(Body::Text(serde_json::to_string(&problem)?));
    to_raw_value(&answer)
}
