//! Globs against a matcher that tries everything.

use spinel::util::glob::{Glob, fixed_prefix, is_literal, matches};

use super::mutator::{Rng, rounds};

#[derive(Debug)]
enum Token {
    Star,
    Any,
    Byte(u8),
    Class { negated: bool, ranges: Vec<(u8, u8)> },
}

/// Reads a pattern of ASCII bytes.
fn tokens(pattern: &[u8]) -> Vec<Token> {
    let (mut out, mut rest) = (Vec::new(), pattern);
    while let [first, tail @ ..] = rest {
        rest = tail;
        out.push(match (first, tail) {
            (b'*', _) => Token::Star,
            (b'?', _) => Token::Any,
            (b'\\', [escaped, tail @ ..]) => {
                rest = tail;
                Token::Byte(*escaped)
            }
            (b'[', _) => {
                let negated = tail.first() == Some(&b'^');
                let (mut class, mut ranges) = (&tail[usize::from(negated)..], Vec::new());
                while let [first, after @ ..] = class {
                    class = after;
                    match (first, after) {
                        (b']', _) => break,
                        (b'\\', [escaped, after @ ..]) => {
                            class = after;
                            ranges.push((*escaped, *escaped));
                        }
                        (_, [b'-', last, after @ ..]) => {
                            class = after;
                            ranges.push((*first.min(last), *first.max(last)));
                        }
                        _ => ranges.push((*first, *first)),
                    }
                }
                rest = class;
                Token::Class { negated, ranges }
            }
            (byte, _) => Token::Byte(*byte),
        });
    }
    out
}

fn oracle(tokens: &[Token], text: &[u8]) -> bool {
    // reach[i]: the tokens so far can match the first i bytes.
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for token in tokens {
        let before = reach.clone();
        for i in 0..=text.len() {
            reach[i] = match token {
                Token::Star => before[..=i].contains(&true),
                _ if i == 0 => false,
                Token::Any => before[i - 1],
                Token::Byte(byte) => before[i - 1] && *byte == text[i - 1],
                Token::Class { negated, ranges } => {
                    let inside = ranges.iter().any(|(low, high)| (low..=high).contains(&&text[i - 1]));
                    before[i - 1] && inside != *negated
                }
            };
        }
    }
    reach[text.len()] && (!text.is_empty() || tokens.is_empty())
}

#[test]
fn patterns_match_what_trying_everything_matches() {
    let mut matched = 0;
    for seed in 0..rounds(60_000) {
        let mut rng = Rng::new(seed);
        let word = |rng: &mut Rng, alphabet: &[u8], most| -> Vec<u8> {
            (0..rng.below(most)).map(|_| *rng.pick(alphabet)).collect()
        };
        let mut pattern = word(&mut rng, b"aabbc**?[]^-\\", 12);
        let text = word(&mut rng, b"aaabbbc*?[]-", 12);
        if rng.one_in(3) {
            pattern = text.iter().map(|&byte| if rng.one_in(4) { b'*' } else { byte }).collect();
        }
        let expected = oracle(&tokens(&pattern), &text);
        assert_eq!(matches(&pattern, &text, false), expected, "seed {seed}: {pattern:?} {text:?}");
        let glob = Glob::new(&pattern);
        assert_eq!(glob.matches(&text), expected, "seed {seed}: {pattern:?} {text:?}");
        if expected {
            matched += 1;
            assert!(text.starts_with(fixed_prefix(&pattern)), "seed {seed}");
            assert!(!is_literal(&pattern) || pattern == text, "seed {seed}");
            assert!(matches(&pattern, &text, true), "seed {seed}: without case more matches, not less");
        } else {
            assert!(!glob.matches_all() || text.is_empty(), "seed {seed}");
        }
    }
    assert!(matched > 5_000, "both answers must come up: {matched}");
}
