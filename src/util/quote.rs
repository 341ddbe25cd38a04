//! The quoting of inline commands, configuration lines and logs: splitting a line into arguments and writing
//! bytes so that splitting gives them back. Knows no command and no directive.

/// White space as C's `isspace` sees it in the C locale.
#[inline]
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Splits `line` into arguments. Double quotes know `\n \r \t \b \a \xHH` and a backslash before any other
/// byte; single quotes know `\'`. A NUL byte ends the line. `None` when quotes are not closed, or not
/// followed by a space.
pub fn split_args(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut args = Vec::new();
    let mut rest = line;
    loop {
        while let [first, tail @ ..] = rest
            && is_space(*first)
        {
            rest = tail;
        }
        if matches!(rest.first(), None | Some(0)) {
            return Some(args);
        }
        let mut arg = Vec::new();
        let used = unquote_arg(rest, &mut arg)?;
        args.push(arg);
        rest = rest.get(used..).unwrap_or_default();
    }
}

/// Appends the argument that `text` starts with to `out`, unquoted, and returns how many bytes of `text` it
/// took (its closing separator included). `None` when quotes are not closed or not followed by a space; `out`
/// may then hold part of the argument.
pub fn unquote_arg(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    loop {
        match text.get(at).copied().unwrap_or(0) {
            0 => return Some(at),
            b' ' | b'\n' | b'\r' | b'\t' => return Some(at + 1),
            b'"' => return double_quoted(text, at + 1, out),
            b'\'' => return single_quoted(text, at + 1, out),
            byte => out.push(byte),
        }
        at += 1;
    }
}

fn double_quoted(text: &[u8], mut at: usize, out: &mut Vec<u8>) -> Option<usize> {
    loop {
        match text.get(at..).unwrap_or_default() {
            [] | [0, ..] => return None,
            [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex_value(*high) << 4 | hex_value(*low));
                at += 4;
            }
            [b'\\', escaped, ..] if *escaped != 0 => {
                out.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                at += 2;
            }
            [b'"', after @ ..] => return closes_argument(after).then_some(at + 1),
            [byte, ..] => {
                out.push(*byte);
                at += 1;
            }
        }
    }
}

fn single_quoted(text: &[u8], mut at: usize, out: &mut Vec<u8>) -> Option<usize> {
    loop {
        match text.get(at..).unwrap_or_default() {
            [] | [0, ..] => return None,
            [b'\\', b'\'', ..] => {
                out.push(b'\'');
                at += 2;
            }
            [b'\'', after @ ..] => return closes_argument(after).then_some(at + 1),
            [byte, ..] => {
                out.push(*byte);
                at += 1;
            }
        }
    }
}

fn closes_argument(after: &[u8]) -> bool {
    after.first().is_none_or(|&byte| byte == 0 || is_space(byte))
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// Appends `bytes` in double quotes, with everything that is not printable ASCII escaped, such that
/// [`split_args`] gives the same bytes back.
pub fn write_quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(byte),
            _ => out.extend_from_slice(&[
                b'\\',
                b'x',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]),
        }
    }
    out.push(b'"');
}

/// Whether `bytes` must be quoted to survive [`split_args`] as one argument: empty, or any byte that is a
/// space, a quote, a backslash or not printable.
pub fn needs_quoting(bytes: &[u8]) -> bool {
    bytes.is_empty() || bytes.iter().any(|&b| !matches!(b, b'!'..=b'~') || matches!(b, b'\\' | b'"' | b'\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &[u8]) -> Option<Vec<String>> {
        let args = split_args(line)?;
        Some(args.into_iter().map(|a| String::from_utf8_lossy(&a).into_owned()).collect())
    }

    #[test]
    fn splits_as_a_shell_would() {
        let ok =
            |line: &[u8], expected: &[&str]| assert_eq!(split(line).expect("balanced"), expected, "{line:?}");
        ok(b"", &[]);
        ok(b" \t\r\n\x0b\x0c", &[]);
        ok(b"get  key ", &["get", "key"]);
        ok(br#"set "a b" 'c d'"#, &["set", "a b", "c d"]);
        ok(br#""\x41\n\"\q" 'it\'s \n'"#, &["A\n\"q", "it's \\n"]);
        ok(br#"fo"o b"  """#, &["foo b", ""]);
        ok(br#""\x4" "\xzz""#, &["x4", "xzz"]);
        ok(b"a\x0bb c\0d e", &["a\u{b}b", "c"]);
        ok(b"\"a\"\x0bb", &["a", "b"]);
    }

    #[test]
    fn unbalanced_quotes_are_refused() {
        for line in [r#"""#, "'", r#""a"b"#, "'a'b", r#"a "b"#, r#""a\""#, "'a\\'", r#""a""b""#, "\"a\\"] {
            assert_eq!(split(line.as_bytes()), None, "{line}");
        }
        assert_eq!(split(b"\"a\0\""), None);
    }

    #[test]
    fn quoting_survives_splitting() {
        let every: Vec<u8> = (0..=255).collect();
        let mut line = Vec::new();
        write_quoted(&mut line, &every);
        assert_eq!(split_args(&line), Some(vec![every]));
        let mut shown = Vec::new();
        write_quoted(&mut shown, b"a\"\\\n\r\t\x07\x08\x00\x7f\xff ");
        assert_eq!(shown, br#""a\"\\\n\r\t\a\b\x00\x7f\xff ""#);
        assert!(
            needs_quoting(b"") && needs_quoting(b"a b") && needs_quoting(b"a'") && !needs_quoting(b"a-b")
        );
    }
}
