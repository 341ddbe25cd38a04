//! Glob patterns as KEYS, SCAN, PSUBSCRIBE and ACL rules use them: `*`, `?`, `[a-z]`, `[^a]`, `\x`. Matching
//! takes no recursion and at most pattern times text steps. Knows no command.

/// A pattern that is matched more than once.
#[derive(Clone, Copy, Debug)]
pub struct Glob<'p> {
    pattern: &'p [u8],
    prefix: &'p [u8],
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No special byte at all.
    Literal,
    /// The prefix and then stars alone.
    Prefix,
    Other,
}

impl<'p> Glob<'p> {
    /// Looks at the pattern once. Any bytes are a pattern.
    pub fn new(pattern: &'p [u8]) -> Self {
        let prefix = fixed_prefix(pattern);
        let rest = &pattern[prefix.len()..];
        let kind = if rest.is_empty() {
            Kind::Literal
        } else if rest.iter().all(|&byte| byte == b'*') {
            Kind::Prefix
        } else {
            Kind::Other
        };
        Self { pattern, prefix, kind }
    }

    /// Whether `text` matches, byte for byte.
    pub fn matches(&self, text: &[u8]) -> bool {
        match self.kind {
            Kind::Literal => text == self.pattern,
            // COMPAT: `*` does not match the empty text.
            Kind::Prefix => text.starts_with(self.prefix) && !text.is_empty(),
            Kind::Other => text.starts_with(self.prefix) && matches(self.pattern, text, false),
        }
    }

    /// Whether the pattern matches everything (but the empty text).
    pub fn matches_all(&self) -> bool {
        self.kind == Kind::Prefix && self.prefix.is_empty()
    }

    /// The only text that can match, if the pattern has nothing special in it.
    pub fn literal(&self) -> Option<&'p [u8]> {
        (self.kind == Kind::Literal).then_some(self.pattern)
    }

    /// Bytes that every match starts with.
    pub fn fixed_prefix(&self) -> &'p [u8] {
        self.prefix
    }
}

/// Groups of stars that a match may use, one at the pattern's end aside.
const MOST_STARS: usize = 1000;

/// Whether `pattern` has no special byte, so that only itself matches it.
pub fn is_literal(pattern: &[u8]) -> bool {
    fixed_prefix(pattern).len() == pattern.len()
}

/// The bytes of `pattern` before its first special one.
pub fn fixed_prefix(pattern: &[u8]) -> &[u8] {
    let len = pattern.iter().position(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'));
    &pattern[..len.unwrap_or(pattern.len())]
}

/// Whether all of `text` matches all of `pattern`; with `nocase`, ASCII letters match in both cases.
///
/// COMPAT: the empty text matches the empty pattern only, not `*`. A class that is not closed ends with the
/// pattern. A match that would use more than a thousand stars before the last byte of the pattern is none.
pub fn matches(pattern: &[u8], text: &[u8], nocase: bool) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: the pattern after the last star, and the text it is tried on next. An
    // earlier star need never be taken up again: what it could give up, the last one can take.
    let mut retry: Option<(usize, usize)> = None;
    let mut nesting = 0;
    while t < text.len() {
        let step = match pattern.get(p..) {
            Some([b'*', rest @ ..]) => {
                let stars = 1 + rest.iter().take_while(|&&byte| byte == b'*').count();
                p += stars;
                if p == pattern.len() {
                    return true;
                }
                nesting += 1;
                if nesting > MOST_STARS {
                    return false;
                }
                retry = Some((p, t + 1));
                continue;
            }
            Some(rest) => match_one(rest, text[t], nocase),
            None => None,
        };
        match (step, retry) {
            (Some(used), _) => {
                p += used;
                t += 1;
            }
            (None, Some((after_star, from))) => {
                (p, t) = (after_star, from);
                retry = Some((after_star, from + 1));
            }
            (None, None) => return false,
        }
    }
    let rest = pattern.get(p..).unwrap_or_default();
    rest.is_empty() || !text.is_empty() && rest.iter().all(|&byte| byte == b'*')
}

/// Matches one byte with what `pattern` starts with, which is no star. Returns how many bytes of the pattern
/// that took.
#[inline]
fn match_one(pattern: &[u8], byte: u8, nocase: bool) -> Option<usize> {
    match *pattern {
        [b'?', ..] => Some(1),
        [b'[', ref class @ ..] => {
            let (used, matched) = match_class(class, byte, nocase);
            matched.then_some(1 + used)
        }
        [b'\\', escaped, ..] => same(escaped, byte, nocase).then_some(2),
        [literal, ..] => same(literal, byte, nocase).then_some(1),
        [] => None,
    }
}

#[inline]
fn same(a: u8, b: u8, nocase: bool) -> bool {
    a == b || nocase && a.eq_ignore_ascii_case(&b)
}

/// Matches `byte` with the class whose text after `[` is `class`. Returns the length of the class, its `]`
/// included.
fn match_class(class: &[u8], byte: u8, nocase: bool) -> (usize, bool) {
    let negated = class.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut found = false;
    loop {
        match *class.get(at..).unwrap_or_default() {
            [] => break,
            [b']', ..] => {
                at += 1;
                break;
            }
            // COMPAT: an escaped byte in a class is matched with case, whatever was asked for.
            [b'\\', escaped, ..] => {
                found |= escaped == byte;
                at += 2;
            }
            [first, b'-', last, ..] => {
                found |= in_range(first, last, byte, nocase);
                at += 3;
            }
            [literal, ..] => {
                found |= same(literal, byte, nocase);
                at += 1;
            }
        }
    }
    (at, found != negated)
}

/// COMPAT: bytes are compared as signed, without case as unsigned, and the ends are put in order before their
/// case is folded: so `[Z-a]` without case is an empty range.
fn in_range(first: u8, last: u8, byte: u8, nocase: bool) -> bool {
    let (low, high) = if first as i8 > last as i8 { (last, first) } else { (first, last) };
    if nocase {
        (low.to_ascii_lowercase()..=high.to_ascii_lowercase()).contains(&byte.to_ascii_lowercase())
    } else {
        (low as i8..=high as i8).contains(&(byte as i8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_manual_and_their_corners() {
        for (pattern, text, expected) in [
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h*llo", "heeeello", true),
            ("h*llo", "hllo", true),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hbllo", true),
            ("h[b-a]llo", "hallo", true),
            ("h\\?llo", "h?llo", true),
            ("h\\?llo", "hello", false),
            ("a\\", "a\\", true),
            ("[\\]]", "]", true),
            ("[]]", "]", false),
            ("[abc", "c", true),
            ("[", "[", false),
            ("[^", "x", true),
            ("[a-]", "]", true),
            ("[a-]x", "]", true),
            ("*a*b*c*", "xxaxxbxxcxx", true),
            ("*a*b*c*", "xxaxxcxxbxx", false),
            ("**", "x", true),
            ("*", "", false),
            ("", "", true),
            ("", "a", false),
            ("a***", "a", true),
            ("*.txt", "a.txt.txt", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes(), false), expected, "{pattern} {text}");
            assert_eq!(Glob::new(pattern.as_bytes()).matches(text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn case_is_folded_where_the_referee_does() {
        for (pattern, text, expected) in [
            ("HeLLo", "hEllO", true),
            ("h[A-C]", "hb", true),
            ("h[XyZ]", "hz", true),
            ("\\A", "a", true),
            ("[\\A]", "a", false),
            ("[Z-a]", "z", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes(), true), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_can_be_known_before_matching() {
        let glob = Glob::new(b"user:*:name");
        assert_eq!((glob.fixed_prefix(), glob.literal(), glob.matches_all()), (&b"user:"[..], None, false));
        assert_eq!(Glob::new(b"user:1").literal(), Some(&b"user:1"[..]));
        assert!(Glob::new(b"**").matches_all() && !Glob::new(b"a*").matches_all());
        assert!(is_literal(b"plain") && !is_literal(b"pl?in") && !is_literal(b"pl\\ain"));
    }

    #[test]
    fn hostile_patterns_end() {
        let text = vec![b'a'; 4_000];
        let stars = b"a*".repeat(2_000);
        assert!(!matches(&[&stars[..], b"b"].concat(), &text, false));
        assert!(matches(&b"a*".repeat(1001), &text, false));
        assert!(!matches(&b"a*".repeat(1002), &text, false), "the referee gives up here");
        let classes = b"*[^b]".repeat(1_000);
        assert!(!matches(&[&classes[..], b"b"].concat(), &text, true));
    }
}
