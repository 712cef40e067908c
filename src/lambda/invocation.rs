//! What Lambda sends to the function: a request through one of two fronts, or a scheduled event.
//! Pure.

use lambda_http::request::LambdaRequest;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An invocation that the function knows.
#[derive(Debug)]
pub(super) enum Invocation {
    /// A request to the handler.
    Request {
        /// The request.
        request: Box<LambdaRequest>,
        /// The front that it came through.
        front: Front,
    },
    /// An import is due.
    Schedule,
}

/// What passes a request on to the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    /// The function's own URL, which can pass an answer on while it is written.
    FunctionUrl,
    /// An API Gateway HTTP API, which takes answers whole.
    HttpApi,
}

/// An invocation of another kind.
#[derive(Debug, thiserror::Error)]
#[error(
    "the invocation is neither a request by a Function URL or an HTTP API (payload format 2.0) nor a scheduled event: {reason}"
)]
pub(super) struct UnknownInvocation {
    reason: String,
}

/// The fields that distinguish the kinds of invocations.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "detail-type", borrow)]
    detail_type: Option<std::borrow::Cow<'a, str>>,
    #[serde(rename = "requestContext")]
    request_context: Option<RequestContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    domain_name: Option<String>,
}

impl Invocation {
    /// Reads a payload. A scheduled event has the same `detail-type` from EventBridge's rules and
    /// from its Scheduler.
    pub fn read(payload: &RawValue) -> Result<Self, UnknownInvocation> {
        let unknown = |reason: String| UnknownInvocation { reason };
        let kind: Kind = serde_json::from_str(payload.get()).map_err(|e| unknown(e.to_string()))?;
        match (kind.request_context, kind.detail_type.as_deref()) {
            (Some(context), _) => {
                let request =
                    serde_json::from_str(payload.get()).map_err(|e| unknown(e.to_string()))?;
                // `<id>.lambda-url.<region>.on.aws`, whatever stands in front of the URL.
                let is_url = context.domain_name.is_some_and(|name| name.contains(".lambda-url."));
                Ok(Self::Request {
                    request: Box::new(request),
                    front: if is_url { Front::FunctionUrl } else { Front::HttpApi },
                })
            }
            (None, Some("Scheduled Event")) => Ok(Self::Schedule),
            (None, Some(other)) => Err(unknown(format!("its `detail-type` is `{other}`"))),
            (None, None) => Err(unknown("it has no `requestContext` and no `detail-type`".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: &str) -> Result<Invocation, String> {
        Invocation::read(serde_json::from_str(payload).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_invocation_of_another_service_is_refused_with_what_it_is() {
        for (payload, said) in [
            (r#"{"Records":[{"eventSource":"aws:s3"}]}"#, "no `requestContext`"),
            (r#"{"detail-type":"Object Created","detail":{}}"#, "`Object Created`"),
            (r#"{"requestContext":{"elb":{}},"httpMethod":"GET"}"#, "payload format 2.0"),
            ("[]", "neither"),
            ("7", "neither"),
        ] {
            let error = read(payload).unwrap_err();
            assert!(error.contains(said), "{payload}: {error}");
        }
    }

    #[test]
    fn a_caller_behind_a_front_cannot_pretend_to_be_the_schedule() {
        let request = include_str!("../../events/invocations/http-api-settings.json");
        let forged = request.replacen('{', r#"{"detail-type":"Scheduled Event","#, 1);
        assert!(matches!(read(&forged), Ok(Invocation::Request { front: Front::HttpApi, .. })));
    }
}
