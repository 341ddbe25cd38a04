//! Matching names of directives and files against globs. Knows neither.

/// Redis' glob: `*`, `?`, `[a-z]`, `[^a]`, a backslash before a character that stands for itself; in any case.
pub(super) fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (pattern, name);
    // Where the last star stands, and what of the name is left if it takes one character more.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = p {
            star = Some((rest, n));
            p = rest;
            continue;
        }
        let step = match n {
            [] if p.is_empty() => return true,
            [first, rest @ ..] => glob_one(p, *first).map(|p| (p, rest)),
            [] => None,
        };
        (p, n) = match (step, star) {
            (Some(next), _) => next,
            (None, Some((after, [_, rest @ ..]))) => {
                star = Some((after, rest));
                (after, rest)
            }
            _ => return false,
        };
    }
}

/// Matches one character and returns the rest of the pattern.
fn glob_one(pattern: &[u8], character: u8) -> Option<&[u8]> {
    let same = |one: u8| one.eq_ignore_ascii_case(&character);
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'[', inside @ ..] => {
            let close = inside.iter().skip(1).position(|byte| *byte == b']')? + 1;
            let (class, rest) = inside.split_at_checked(close)?;
            let (negated, class) = match class {
                [b'^' | b'!', class @ ..] => (true, class),
                _ => (false, class),
            };
            (in_class(class, character) != negated).then(|| rest.get(1..)).flatten()
        }
        [b'\\', one, rest @ ..] | [one, rest @ ..] => same(*one).then_some(rest),
        [] => None,
    }
}

fn in_class(class: &[u8], character: u8) -> bool {
    let character = character.to_ascii_lowercase();
    match class {
        [low, b'-', high, rest @ ..] => {
            let (low, high) = (low.to_ascii_lowercase(), high.to_ascii_lowercase());
            (low.min(high)..=low.max(high)).contains(&character) || in_class(rest, character)
        }
        [one, rest @ ..] => one.eq_ignore_ascii_case(&character) || in_class(rest, character),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let hit = |pattern: &str, name: &str| glob(pattern.as_bytes(), name.as_bytes());
        assert!(
            hit("*", "")
                && hit("MAX*", "maxmemory")
                && hit("*of", "replicaof")
                && hit("m*y-*s", "maxmemory-samples")
        );
        assert!(hit("h?", "hz") && hit("[a-h]z", "hz") && hit("[^a]z", "hz") && hit("\\h\\z", "hz"));
        assert!(
            !hit("h", "hz") && !hit("hz?", "hz") && !hit("[^h]z", "hz") && !hit("[h", "h") && !hit("", "h")
        );
        assert!(!hit(&"*a".repeat(50), &"a".repeat(49)));
    }
}
