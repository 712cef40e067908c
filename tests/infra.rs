//! The template to deploy says what the product reads, and allows no more than it needs.
//! `infra/check` looks over the rest.

use std::{collections::BTreeSet, fs, path::Path};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The words of a text that begin so.
fn words<'a>(text: &'a str, beginning: &str) -> BTreeSet<&'a str> {
    let is_word = |c: char| c.is_alphanumeric() || "_:*".contains(c);
    text.split(|c| !is_word(c)).filter(|word| word.starts_with(beginning)).collect()
}

#[test]
fn the_function_may_get_list_and_put_and_never_delete() {
    let template = read("infra/template.yaml");
    let allowed: BTreeSet<&str> = words(&template, "s3:")
        .into_iter()
        .filter(|word| !matches!(*word, "s3:prefix:" | "s3:"))
        .collect();
    // `s3:*` is what the bucket denies to all who come without TLS.
    assert_eq!(allowed, ["s3:*", "s3:GetObject", "s3:ListBucket", "s3:PutObject"].into());
    let denied = template.split("s3:*").next().unwrap();
    assert!(
        denied.ends_with("Effect: Deny\n            Principal: \"*\"\n            Action: "),
        "`s3:*` is denied, not allowed"
    );
    assert!(!template.contains("Delete\n                "), "no action that deletes");
}

#[test]
fn every_variable_of_the_template_is_one_that_the_product_reads() {
    let (template, config) = (read("infra/template.yaml"), read("src/config.rs"));
    let variables = words(&template, "MEDIATHECA_");
    assert!(variables.len() >= 5);
    for variable in variables {
        let variable = variable.trim_end_matches(':');
        assert!(config.contains(&format!("\"{variable}\"")), "{variable} is never read");
    }
}

/// What the template's schedule sends; `lambda.rs` hands it to the function.
pub fn schedules_input() -> serde_json::Value {
    let template = read("infra/template.yaml");
    let input = template
        .lines()
        .find_map(|line| line.trim().strip_prefix("Input: '")?.strip_suffix('\''))
        .unwrap();
    serde_json::from_str(input).unwrap()
}

#[test]
fn secrets_come_by_parameters_that_never_show() {
    let template = read("infra/template.yaml");
    for parameter in ["ApiToken", "SecretKey"] {
        let (_, rest) = template.split_once(&format!("\n  {parameter}:\n")).unwrap();
        assert!(rest.lines().take(2).any(|line| line.trim() == "NoEcho: true"), "{parameter}");
        assert_eq!(
            template.matches(&format!("!Ref {parameter}")).count(),
            1,
            "{parameter} goes into the function and nowhere else"
        );
    }
}
