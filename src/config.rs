//! Every variable of the environment: its name, default and unit. Pure: `main` alone reads the
//! environment.

use secrecy::SecretString;

/// What the environment says.
#[derive(Debug, Clone)]
pub struct Config {
    /// `MEDIATHECA_STORE`: where the log and the settings are, a folder or `s3://bucket/prefix`.
    /// Default: the platform's data folder; on Lambda none.
    pub store: Option<String>,
    /// `MEDIATHECA_API_TOKEN`: who holds it may call. Default: none, and then only this machine
    /// may.
    pub api_token: Option<SecretString>,
    /// `MEDIATHECA_SECRET_KEY`: 32 bytes in Base64 that passwords are sealed with. Default: a key
    /// file.
    pub secret_key: Option<SecretString>,
    /// `MEDIATHECA_KEY_FILE`: the key file. Default: in the platform's configuration folder.
    pub key_file: Option<std::path::PathBuf>,
    /// `MEDIATHECA_EVERY`: how often it imports automatically, such as `30m` or `6h`. Default: what
    /// the settings say.
    pub every: Option<String>,
    /// How an object store is reached.
    pub object_store: ObjectStore,
    /// What the process says about its work, and how.
    pub log: Logging,
    /// What Lambda says; none elsewhere.
    pub lambda: Option<Lambda>,
}

/// What the process says about its work on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logging {
    /// `MEDIATHECA_LOG`: how much to say, `off`, `error`, `warn`, `info` or `debug`. Names of
    /// titles appear at `debug` alone. Default: `info` where it serves, and `off` in a command,
    /// which says what it does itself.
    pub level: Option<LogLevel>,
    /// `MEDIATHECA_LOG_FORMAT`: `text` for people or `json` for programs. Default: `text`, on
    /// Lambda `json`.
    pub format: LogFormat,
}

/// How much to say; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What failed and needs a person.
    Error,
    /// What failed and is tried again.
    Warn,
    /// Requests and runs.
    Info,
    /// The same with paths and reasons, which may name titles.
    Debug,
}

/// The form of what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line that a person reads.
    Text,
    /// A JSON object a line.
    Json,
}

/// How an object store is reached, in the variables that AWS's own tools read.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    /// `AWS_REGION`, or else `AWS_DEFAULT_REGION`. Default: `us-east-1`, which compatible servers
    /// take for any.
    pub region: String,
    /// `AWS_ENDPOINT_URL_S3`, or else `AWS_ENDPOINT_URL`: the address of a compatible server.
    /// Default: AWS itself.
    pub endpoint: Option<String>,
    /// `MEDIATHECA_S3_PATH_STYLE`: whether the bucket stands in the path, `true` or `false`.
    /// Default: only at an endpoint of one's own.
    pub path_style: bool,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<SecretString>,
    /// `AWS_SESSION_TOKEN`, with temporary keys.
    pub session_token: Option<SecretString>,
}

/// What Lambda says to its functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lambda {
    /// `MEDIATHECA_URL_INVOKE_MODE`: the Function URL's own setting, `BUFFERED` or
    /// `RESPONSE_STREAM`. Default: `BUFFERED`.
    pub url_streams: bool,
}

impl Config {
    /// Reads the variables by a look-up; an empty one counts as not set.
    pub fn parse(look_up: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| {
            look_up(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let secret = |name: &str| given(name).map(SecretString::from);
        let is_on_lambda = given("AWS_LAMBDA_RUNTIME_API").is_some();
        Self {
            store: given("MEDIATHECA_STORE"),
            api_token: secret("MEDIATHECA_API_TOKEN"),
            secret_key: secret("MEDIATHECA_SECRET_KEY"),
            key_file: given("MEDIATHECA_KEY_FILE").map(Into::into),
            every: given("MEDIATHECA_EVERY"),
            object_store: ObjectStore::parse(&given),
            log: Logging::parse(&given, is_on_lambda),
            lambda: is_on_lambda.then(|| Lambda {
                url_streams: given("MEDIATHECA_URL_INVOKE_MODE").as_deref()
                    == Some("RESPONSE_STREAM"),
            }),
        }
    }
}

impl Logging {
    /// An unknown word counts as not given: a mistyped level must not keep the product from
    /// starting.
    fn parse(given: &impl Fn(&str) -> Option<String>, is_on_lambda: bool) -> Self {
        let level = match given("MEDIATHECA_LOG").as_deref() {
            Some("off") => Some(LogLevel::Off),
            Some("error") => Some(LogLevel::Error),
            Some("warn") => Some(LogLevel::Warn),
            Some("info") => Some(LogLevel::Info),
            Some("debug") => Some(LogLevel::Debug),
            Some(_) | None => None,
        };
        let format = match given("MEDIATHECA_LOG_FORMAT").as_deref() {
            Some("json") => LogFormat::Json,
            None if is_on_lambda => LogFormat::Json,
            Some(_) | None => LogFormat::Text,
        };
        Self { level, format }
    }
}

impl ObjectStore {
    fn parse(given: &impl Fn(&str) -> Option<String>) -> Self {
        let endpoint = given("AWS_ENDPOINT_URL_S3").or_else(|| given("AWS_ENDPOINT_URL"));
        let path_style = given("MEDIATHECA_S3_PATH_STYLE").map(|value| value == "true");
        Self {
            region: given("AWS_REGION")
                .or_else(|| given("AWS_DEFAULT_REGION"))
                .unwrap_or_else(|| "us-east-1".into()),
            path_style: path_style.unwrap_or(endpoint.is_some()),
            endpoint,
            access_key_id: given("AWS_ACCESS_KEY_ID"),
            secret_access_key: given("AWS_SECRET_ACCESS_KEY").map(SecretString::from),
            session_token: given("AWS_SESSION_TOKEN").map(SecretString::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let config = Config::parse(|name| (name == "MEDIATHECA_API_TOKEN").then(|| " ".to_owned()));
        assert!(config.api_token.is_none());
        assert_eq!(config.lambda, None);
    }

    #[test]
    fn a_mistyped_level_is_no_level_and_lambda_reads_json() {
        let with = |pairs: &'static [(&str, &str)]| {
            let find = |name: &str| {
                pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
            };
            Config::parse(find).log
        };
        let (none, text) = (None, LogFormat::Text);
        assert_eq!(with(&[("MEDIATHECA_LOG", "loud")]), Logging { level: none, format: text });
        let warn = Some(LogLevel::Warn);
        assert_eq!(with(&[("MEDIATHECA_LOG", "warn")]), Logging { level: warn, format: text });
        let on_lambda = with(&[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")]);
        assert_eq!(on_lambda.format, LogFormat::Json);
    }

    #[test]
    fn no_secret_shows_when_a_configuration_is_printed() {
        let secrets = [
            "MEDIATHECA_API_TOKEN",
            "MEDIATHECA_SECRET_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
        ];
        let config = Config::parse(|name| secrets.contains(&name).then(|| "s3cret".to_owned()));
        assert!(
            config.api_token.is_some()
                && config.secret_key.is_some()
                && config.object_store.session_token.is_some()
        );
        let printed = format!("{config:?}");
        assert!(!printed.contains("s3cret"), "{printed}");
    }

    #[test]
    fn an_endpoint_of_ones_own_has_the_bucket_in_the_path_unless_it_is_said_otherwise() {
        let path_style = |variables: &[(&str, &str)]| {
            let find = |name: &str| {
                variables
                    .iter()
                    .find(|(other, _)| *other == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            Config::parse(find).object_store.path_style
        };
        assert!(!path_style(&[]));
        assert!(path_style(&[("AWS_ENDPOINT_URL_S3", "http://nas:8333")]));
        assert!(!path_style(&[
            ("AWS_ENDPOINT_URL", "https://s3.example"),
            ("MEDIATHECA_S3_PATH_STYLE", "false")
        ]));
    }
}
