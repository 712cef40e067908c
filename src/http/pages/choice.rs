//! One of several values of a form's field.

/// A value that a person can choose.
pub(super) struct Choice {
    pub value: String,
    pub text: String,
    pub chosen: bool,
}

impl Choice {
    /// All values with their texts; the chosen one is marked.
    pub(super) fn all(choices: &[(&str, &str)], chosen: &str) -> Vec<Self> {
        let choice = |(value, text): &(&str, &str)| Self {
            value: (*value).to_owned(),
            text: (*text).to_owned(),
            chosen: *value == chosen,
        };
        choices.iter().map(choice).collect()
    }
}
