//! Patterns of BY and GET: an element put in the place of the star names a key, or a field of a hash, whose value is
//! meant.

use crate::keyspace::{Keys, Kind, StrView, Value as _};
use crate::types::hash::Hash;
use crate::types::packed::Value;

/// A pattern taken apart once for all elements.
pub enum Pattern<'a> {
    /// `#`: the element itself.
    Itself,
    /// Names no key, so there is no value.
    Fixed,
    Key {
        before: &'a [u8],
        after: &'a [u8],
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        if text == b"#" {
            return Pattern::Itself;
        }
        let Some(star) = text.iter().position(|byte| *byte == b'*') else { return Pattern::Fixed };
        let (before, after) = (&text[..star], &text[star + 1..]);
        let arrow = after.windows(2).position(|pair| pair == b"->").filter(|at| at + 2 < after.len());
        match arrow {
            Some(at) => Pattern::Key { before, after: &after[..at], field: Some(&after[at + 2..]) },
            None => Pattern::Key { before, after, field: None },
        }
    }

    /// Hands `f` the value for an element; `None` if there is no such key or field, or it holds something else. `name`
    /// is room for the name of the key.
    pub fn value<R>(
        &self,
        keys: &mut Keys<'_>,
        element: &[u8],
        name: &mut Vec<u8>,
        f: impl FnOnce(Value<'_>) -> R,
    ) -> Option<R> {
        let (before, after, field) = match self {
            Pattern::Itself => return Some(f(Value::of(element))),
            Pattern::Fixed => return None,
            Pattern::Key { before, after, field } => (before, after, field),
        };
        name.clear();
        for part in [before, element, after] {
            name.extend_from_slice(part);
        }
        let now_ms = keys.now_ms();
        let view = keys.read(&name[..])?;
        match field {
            None if view.kind() == Kind::String => Some(match view.str() {
                StrView::Int(n) => f(Value::Int(n)),
                StrView::Bytes(bytes) => f(Value::Str(bytes)),
            }),
            Some(field) if view.kind() == Kind::Hash => Hash::view(view, now_ms).get(field).map(f),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts<'t> = (&'t [u8], &'t [u8], Option<&'t [u8]>);

    fn parts(text: &str) -> Option<Parts<'_>> {
        match Pattern::new(text.as_bytes()) {
            Pattern::Key { before, after, field } => Some((before, after, field)),
            _ => None,
        }
    }

    #[test]
    fn patterns_come_apart_at_the_first_star_and_arrow() {
        assert_eq!(parts("w_*"), Some((&b"w_"[..], &b""[..], None)));
        assert_eq!(parts("a*b*"), Some((&b"a"[..], &b"b*"[..], None)));
        assert_eq!(parts("o_*->f"), Some((&b"o_"[..], &b""[..], Some(&b"f"[..]))));
        assert_eq!(parts("o_*x->f->g"), Some((&b"o_"[..], &b"x"[..], Some(&b"f->g"[..]))));
        assert_eq!(parts("o_*->"), Some((&b"o_"[..], &b"->"[..], None)));
        assert_eq!(parts("a->b*"), Some((&b"a->b"[..], &b""[..], None)));
        assert!(matches!(Pattern::new(b"fixed"), Pattern::Fixed));
        assert!(matches!(Pattern::new(b"#"), Pattern::Itself));
    }
}
