//! How deep JSON nests, found before a decoder sees it: a recursive decoder could run out of stack.

/// Whether JSON nests deeper than the bound. For text that isn't JSON the result means nothing; its
/// decoder refuses it.
pub fn nests_deeper(json: &[u8], bound: usize) -> bool {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_text(json, at + 1),
            b'{' | b'[' if depth == bound => return true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    false
}

/// The index of the quote that ends a text.
fn end_of_text(json: &[u8], mut at: usize) -> usize {
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if json[at] == b'"' {
            return at;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_texts() {
        assert!(!nests_deeper(br#"{"a":[{"b":1}]}"#, 3));
        assert!(nests_deeper(br#"{"a":[{"b":1}]}"#, 2));
        assert!(!nests_deeper(br#"{"a":"[[[[[[","b":"\"[[[[\\"}"#, 1));
        assert!(!nests_deeper(b"[][][][]", 1));
        assert!(nests_deeper(&[b'['; 100], 99));
        assert!(!nests_deeper(b"\"never ends \\", 0));
    }
}
