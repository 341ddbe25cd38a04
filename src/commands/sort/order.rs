//! Weighing elements and putting them in order.

use super::elements::{Elements, Text, Texts};
use super::options::Options;
use super::pattern::Pattern;
use crate::engine::{Ctx, Error};
use crate::types::packed::Value;
use crate::util::float::parse_f64;
use crate::util::partial_sort::partial_sort;
use std::cmp::Ordering;

struct Item {
    element: Text,
    score: f64,
    /// What is compared instead of the element, if BY finds anything.
    weight: Option<Text>,
}

/// Sorts elements as the options say, at least so far as they are wanted.
pub fn sort(ctx: &mut Ctx<'_>, elements: &mut Elements, options: &Options<'_>) -> Result<(), Error> {
    let mut weights = Texts::default();
    let mut items = weigh(ctx, elements, &mut weights, options)?;
    let (texts, stored, by) = (&elements.texts, options.store.is_some(), options.by.is_some());
    let text_order = |a: &[u8], b: &[u8]| if stored { a.cmp(b) } else { collate(a, b) };
    let compare = |a: &Item, b: &Item| {
        let order = match (options.alpha, by) {
            (false, _) => a
                .score
                .partial_cmp(&b.score)
                .unwrap_or(Ordering::Equal)
                // Equal scores leave nothing to chance.
                .then_with(|| texts.get(a.element).cmp(texts.get(b.element))),
            (true, false) => text_order(texts.get(a.element), texts.get(b.element)),
            (true, true) => match (a.weight, b.weight) {
                (Some(a), Some(b)) => text_order(weights.get(a), weights.get(b)),
                (a, b) => a.is_some().cmp(&b.is_some()),
            },
        };
        if options.descending { order.reverse() } else { order }
    };
    let (start, count) = elements.window;
    if by && count < items.len() {
        // COMPAT: equal elements lie as the partial sort leaves them.
        if count > 0 {
            partial_sort(&mut items, start, start + count - 1, compare);
        }
    } else {
        items.sort_by(compare);
    }
    elements.all.clear();
    elements.all.extend(items.iter().map(|item| item.element));
    Ok(())
}

/// Finds out what each element weighs.
fn weigh(
    ctx: &mut Ctx<'_>,
    elements: &Elements,
    weights: &mut Texts,
    options: &Options<'_>,
) -> Result<Vec<Item>, Error> {
    let pattern = options.by.map(Pattern::new);
    let (mut name, mut failed) = (Vec::new(), false);
    let mut items = Vec::with_capacity(elements.all.len());
    for element in &elements.all {
        let mut item = Item { element: *element, score: 0.0, weight: None };
        let text = elements.texts.get(*element);
        let mut take = |value: Value<'_>| {
            if options.alpha {
                item.weight = Some(weights.add(value));
            } else if let Some(score) = score_of(value) {
                item.score = score;
            } else {
                failed = true;
            }
        };
        match &pattern {
            Some(pattern) => {
                pattern.value(&mut ctx.keys, text, &mut name, take);
            }
            None if options.alpha => {}
            None => take(Value::of(text)),
        }
        items.push(item);
    }
    if failed {
        return Err(Error::Plain("One or more scores can't be converted into double"));
    }
    Ok(items)
}

/// The part of a text that C sees.
fn until_nul(text: &[u8]) -> &[u8] {
    text.iter().position(|byte| *byte == 0).map_or(text, |end| &text[..end])
}

/// Compares as the C locale does.
fn collate(a: &[u8], b: &[u8]) -> Ordering {
    until_nul(a).cmp(until_nul(b))
}

/// A text as C's strtod reads it: white space may come before it, and nothing at all is zero.
fn score_of(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Int(n) => Some(n as f64),
        Value::Str(text) => {
            let text = until_nul(text);
            let number = text.trim_ascii_start();
            if text.is_empty() { Some(0.0) } else { parse_f64(number) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_read_as_c_reads_them() {
        for (text, score) in [
            ("", Some(0.0)),
            (" 2.5", Some(2.5)),
            ("1 ", None),
            ("0x10", Some(16.0)),
            ("1\0x", Some(1.0)),
            ("nan", None),
        ] {
            assert_eq!(score_of(Value::Str(text.as_bytes())), score, "{text:?}");
        }
        assert_eq!(score_of(Value::Int(-3)), Some(-3.0));
    }
}
