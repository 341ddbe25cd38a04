//! Scores as sort keys and as the elements of a listpack. Must not know where they are stored.

use crate::types::packed::Value;
use crate::util::float::write_f64;

/// Integers up to this magnitude are stored as such in a listpack.
const MAX_INTEGER: f64 = (i64::MAX / 2) as f64;

/// A number that sorts as the score does; both zeros are equal. The score is not NaN.
#[inline]
pub(super) fn sort_key(score: f64) -> u64 {
    // Adding zero makes the negative one positive.
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Writes a score into a listpack element: `text` holds its bytes if it is no integer.
pub(super) fn to_value(score: f64, text: &mut Vec<u8>) -> Value<'_> {
    if score.abs() <= MAX_INTEGER && score.trunc() == score {
        return Value::Int(score as i64);
    }
    text.clear();
    write_f64(text, score);
    Value::of(text)
}

/// Reads a score from a listpack element. Text that is no number, which only a forged payload holds, counts
/// as zero.
pub(super) fn from_value(value: Value<'_>) -> f64 {
    match value {
        Value::Int(n) => n as f64,
        Value::Str(text) => {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
            number.filter(|n| !n.is_nan()).unwrap_or(0.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_scores() {
        let scores =
            [f64::NEG_INFINITY, -1e300, -2.5, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1.5, 1e18, f64::INFINITY];
        assert!(scores.windows(2).all(|w| sort_key(w[0]) < sort_key(w[1])));
        assert_eq!(sort_key(-0.0), sort_key(0.0));
    }

    #[test]
    fn scores_survive_a_listpack() {
        let mut text = Vec::new();
        for (score, integer) in
            [(3.0, true), (-17.0, true), (4e18, true), (5e18, false), (0.1, false), (-2.5e-9, false)]
        {
            let value = to_value(score, &mut text);
            assert_eq!(matches!(value, Value::Int(_)), integer, "{score}");
            assert_eq!(from_value(value), score);
        }
        for score in [f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1.0 / 3.0] {
            assert_eq!(from_value(to_value(score, &mut text)), score);
        }
        assert_eq!(from_value(Value::Str(b"nan")) + from_value(Value::Str(b"x\xff")), 0.0);
    }
}
