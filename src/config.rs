//! Every variable of the environment: its name, default and unit. Pure: `main` alone reads the environment.

use std::path::PathBuf;

use secrecy::SecretString;

/// What the environment says.
#[derive(Debug, Clone)]
pub struct Config {
    /// `MEDIATHECA_STORE`: folder of the log and the settings. Default: the platform's data folder; on Lambda none.
    pub store: Option<PathBuf>,
    /// `MEDIATHECA_API_TOKEN`: who holds it may call. Default: none, and then only this machine may.
    pub api_token: Option<SecretString>,
    /// `MEDIATHECA_SECRET_KEY`: 32 bytes in Base64 that passwords are sealed with. Default: a key file.
    pub secret_key: Option<SecretString>,
    /// `MEDIATHECA_KEY_FILE`: the key file. Default: in the platform's configuration folder.
    pub key_file: Option<PathBuf>,
    /// `AWS_LAMBDA_RUNTIME_API`, set by Lambda itself: serve invocations instead of a port.
    pub on_lambda: bool,
}

impl Config {
    /// Reads the variables by a look-up; an empty one counts as not set.
    pub fn parse(look_up: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| look_up(name).filter(|value| !value.trim().is_empty());
        Self {
            store: given("MEDIATHECA_STORE").map(PathBuf::from),
            api_token: given("MEDIATHECA_API_TOKEN").map(|token| SecretString::from(token.trim().to_owned())),
            secret_key: given("MEDIATHECA_SECRET_KEY").map(SecretString::from),
            key_file: given("MEDIATHECA_KEY_FILE").map(PathBuf::from),
            on_lambda: given("AWS_LAMBDA_RUNTIME_API").is_some(),
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
        assert!(!config.on_lambda);
    }

    #[test]
    fn no_secret_shows_when_a_configuration_is_printed() {
        let config = Config::parse(|_| Some("s3cret".to_owned()));
        assert!(config.api_token.is_some() && config.secret_key.is_some());
        let printed = format!("{:?} {:?}", config.api_token, config.secret_key);
        assert!(!printed.contains("s3cret"), "{printed}");
    }
}
