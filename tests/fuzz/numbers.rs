//! Numbers: what parses prints the same, what prints parses the same, and 80-bit sums agree with exact
//! arithmetic.

use spinel::util::float::{parse_f64, write_f64};
use spinel::util::long_double::LongDouble;
use spinel::util::numbers::{parse_i64, parse_memory, parse_percent, parse_u64};

use super::mutator::{Rng, mutate, rounds};

const TOKENS: &[&[u8]] =
    &[b".", b"e", b"-", b"+", b"0x", b"p", b"inf", b"nan", b"kb", b"%", b"00000000000000000000"];

fn text(rng: &mut Rng) -> Vec<u8> {
    let integer = rng.word() as i64 >> rng.below(64);
    match rng.below(5) {
        0 => integer.to_string(),
        1 => (integer as f64 / 1e6).to_string(),
        2 => format!("{integer}e{}", rng.below(10_000) as i64 - 5_000),
        3 => format!(
            "0x{:x}.{:x}p{}",
            rng.word() >> rng.below(64),
            rng.word(),
            rng.below(33_000) as i64 - 16_500
        ),
        _ => format!("{}.{}", rng.word(), "0123456789".repeat(rng.below(40))),
    }
    .into_bytes()
}

#[test]
fn text_of_any_kind_is_a_number_or_none() {
    for seed in 0..rounds(10_000) {
        let mut rng = Rng::new(seed);
        let mut text = text(&mut rng);
        if rng.one_in(2) {
            mutate(&mut rng, &mut text, TOKENS);
        }
        if let Some(value) = parse_i64(&text) {
            assert_eq!(value.to_string().as_bytes(), text, "seed {seed}");
            assert_eq!(parse_u64(&text), u64::try_from(value).ok(), "seed {seed}");
            assert_eq!(parse_f64(&text), Some(value as f64), "seed {seed}");
            assert_eq!(LongDouble::parse(&text), Some(LongDouble::from_i64(value)), "seed {seed}");
        }
        if let Some(value) = parse_u64(&text) {
            assert_eq!(parse_memory(&text), Some(value), "seed {seed}");
            let percent = [&text[..], b"%"].concat();
            assert_eq!(parse_percent(&percent), Some(value).filter(|&v| v <= i64::MAX as u64), "seed {seed}");
        }
        if let Some(value) = parse_f64(&text) {
            assert!(!value.is_nan(), "seed {seed}");
            let wide =
                LongDouble::parse(&text).expect("the wider format reads whatever the narrower one reads");
            assert!(wide.is_nan_or_inf() == value.is_infinite(), "seed {seed}");
        }
        if let Some(value) = LongDouble::parse(&text) {
            let shown = value.to_human_string();
            assert!(!shown.ends_with(b".") && shown != b"-0", "seed {seed}");
            if shown.len() < 5_000 {
                let again = LongDouble::parse(&shown).expect("what is shown is a number");
                assert_eq!(again.to_human_string(), shown, "seed {seed}");
            }
        }
    }
}

#[test]
fn doubles_read_back() {
    let mut out = Vec::new();
    for seed in 0..rounds(200_000) {
        let mut rng = Rng::new(seed);
        let value = match rng.below(3) {
            0 => f64::from_bits(rng.word()),
            1 => rng.below(1_000_000_000) as f64 / 1000.0,
            _ => (rng.word() as i64 >> rng.below(64)) as f64,
        };
        if value.is_nan() {
            continue;
        }
        out.clear();
        write_f64(&mut out, value);
        assert!(out.len() <= 25, "{value:e}");
        assert_eq!(parse_f64(&out).map(f64::to_bits), Some(value.to_bits()), "{value:e}");
        assert!(!LongDouble::from_f64(value).is_nan_or_inf() || value.is_infinite(), "{value:e}");
    }
}

#[test]
fn sums_are_exact_where_they_fit_and_commute_everywhere() {
    // In units of 2^-16 and below 2^47, every value and sum has at most 64 bits and 17 digits after the
    // point.
    let wide = |units: i64| LongDouble::parse(format!("{units}e0").as_bytes()).expect("integer");
    let shown = |value: LongDouble| String::from_utf8(value.to_human_string()).expect("ascii");
    for seed in 0..rounds(5_000) {
        let mut rng = Rng::new(seed);
        let [a, b] = [(); 2].map(|()| rng.word() as i64 >> (1 + rng.below(60)));
        assert_eq!(shown(wide(a) + wide(b)), (a + b).to_string(), "{a} + {b}");
        let fraction = |units: i64| {
            let hex = format!("{}0x{:x}p-16", if units < 0 { "-" } else { "" }, units.unsigned_abs());
            LongDouble::parse(hex.as_bytes()).expect("hexadecimal")
        };
        assert_eq!(fraction(a) + fraction(b), fraction(a + b), "{a} + {b}");

        let [x, y] = [(); 2].map(|()| LongDouble::parse(&text(&mut rng)));
        if let (Some(x), Some(y)) = (x, y) {
            assert_eq!(x + y, y + x, "seed {seed}");
            assert_eq!(shown(x + LongDouble::from_i64(0)), shown(x), "seed {seed}");
        }
    }
}
