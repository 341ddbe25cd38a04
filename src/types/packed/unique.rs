//! Whether a packed collection has members twice: what only a forged payload can have. Knows no type.

use super::{ListpackRef, Value};

/// Whether one of the entries at 0, `step`, 2 `step`, ... is there twice. O(n log n).
pub fn has_twice(lp: ListpackRef<'_>, step: usize) -> bool {
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for value in lp.iter().step_by(step) {
        match (value.as_int(), value) {
            (Some(n), _) | (None, Value::Int(n)) => numbers.push(n),
            (None, Value::Str(text)) => texts.push(text),
        }
    }
    numbers.sort_unstable();
    texts.sort_unstable();
    repeats(&numbers) || repeats(&texts)
}

fn repeats<T: PartialEq>(sorted: &[T]) -> bool {
    sorted.iter().zip(sorted.iter().skip(1)).any(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::super::Listpack;
    use super::*;

    #[test]
    fn twins_are_found() {
        let has = |values: &[Value<'_>], step| {
            has_twice(Listpack::from_values(values.iter().copied()).as_ref(), step)
        };
        let [a, b, one, text_one] = [Value::Str(b"a"), Value::Str(b"b"), Value::Int(1), Value::Str(b"1")];
        assert!(has(&[a, b, a], 1) && has(&[one, a, text_one], 1) && has(&[a, one, a, b], 2));
        assert!(!has(&[a, b, one], 1) && !has(&[a, one, b, one], 2) && !has(&[], 1));
    }
}
