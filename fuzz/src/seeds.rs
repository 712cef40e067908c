//! Runs both targets over every seed, over each seed cut short, and over each with a byte changed.

use std::{fs, path::Path};

fn main() {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let mut runs = 0;
    for (folder, target) in
        [("logs", targets::log_lines as fn(&[u8])), ("jellyfin/10.11", targets::jellyfin_answers)]
    {
        for file in fs::read_dir(events.join(folder)).expect("the seeds are there") {
            let seed = fs::read(file.expect("a readable folder").path()).expect("a readable seed");
            let answers: Vec<Vec<u8>> = match serde_json::from_slice::<serde_json::Value>(&seed) {
                Ok(serde_json::Value::Array(exchanges)) => exchanges
                    .iter()
                    .map(|exchange| exchange["response"]["body"].to_string().into_bytes())
                    .collect(),
                _ => vec![seed],
            };
            for answer in answers {
                let step = (answer.len() / 40).max(1);
                target(&answer);
                for at in (0..answer.len()).step_by(step) {
                    target(&answer[..at]);
                    let mut changed = answer.clone();
                    changed[at] ^= 0x15;
                    target(&changed);
                    runs += 2;
                }
            }
        }
    }
    println!("both targets held over {runs} cut and changed seeds");
}
