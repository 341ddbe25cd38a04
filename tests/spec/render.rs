//! A reply as lines of text, as record.py writes them. Knows bytes only, so that what the server sent is what is
//! compared, down to the kind of null.

use super::file::{Marks, Order};

/// Bulk strings that are longer are told by length and a hash.
const LONG: usize = 256;

/// A reply, or a member of one.
#[derive(Clone, Debug)]
pub struct Node {
    head: String,
    children: Option<Vec<Node>>,
}

impl Node {
    /// Reads one reply from `at` on and moves `at` behind it.
    pub fn read(bytes: &[u8], at: &mut usize) -> Node {
        let rest = &bytes[*at..];
        let end = rest.windows(2).position(|pair| pair == b"\r\n").expect("a reply's line ends");
        let (kind, text) = (char::from(rest[0]), &rest[1..end]);
        *at += end + 2;
        if "+-:#,(_".contains(kind) {
            return Node { head: format!("{kind}{}", plain(text)), children: None };
        }
        let size: i64 = std::str::from_utf8(text).ok().and_then(|s| s.parse().ok()).expect("a size");
        let Ok(size) = usize::try_from(size) else {
            return Node { head: format!("{kind}-1"), children: None };
        };
        if "$=!".contains(kind) {
            let prefix = if kind == '$' { String::new() } else { kind.to_string() };
            let head = prefix + &quoted(&bytes[*at..*at + size]);
            *at += size + 2;
            return Node { head, children: None };
        }
        let count = if "%|".contains(kind) { size * 2 } else { size };
        let children = (0..count).map(|_| Node::read(bytes, at)).collect();
        Node { head: format!("{kind}{size}"), children: Some(children) }
    }

    /// All replies in `bytes`.
    pub fn read_all(bytes: &[u8]) -> Vec<Node> {
        let (mut at, mut all) = (0, Vec::new());
        while at < bytes.len() {
            all.push(Node::read(bytes, &mut at));
        }
        all
    }

    pub fn into_children(self) -> Option<Vec<Node>> {
        self.children
    }

    fn lines(&self, indent: usize, lines: &mut Vec<String>) {
        lines.push(format!("{:indent$}{}", "", self.head));
        for child in self.children.iter().flatten() {
            child.lines(indent + 2, lines);
        }
    }

    /// Sorts what comes in any order: sets always, the outermost aggregate if it is marked.
    fn sort(&mut self, outermost: Option<usize>) {
        let Some(children) = &mut self.children else { return };
        children.iter_mut().for_each(|child| child.sort(None));
        let step = match (self.head.as_bytes()[0], outermost) {
            (b'~', _) => 1,
            (_, None) => return,
            (b'%', _) => 2,
            (_, Some(step)) => step,
        };
        let mut parts: Vec<Vec<Node>> = children.chunks(step).map(<[Node]>::to_vec).collect();
        parts.sort_by_cached_key(|part| {
            let mut lines = Vec::new();
            part.iter().for_each(|node| node.lines(0, &mut lines));
            lines
        });
        *children = parts.concat();
    }

    /// The lines that count.
    pub fn shown(mut self, marks: &Marks, now_ms: i64) -> Vec<String> {
        self.sort(match marks.order {
            Order::Kept => None,
            Order::Any => Some(1),
            Order::AnyPairs => Some(2),
        });
        if marks.type_only {
            return vec![format!("({})", kind_name(&self.head))];
        }
        let mut lines = Vec::new();
        self.lines(0, &mut lines);
        for line in &mut lines {
            let Some((indent, number)) = integer(line) else { continue };
            if marks.shape {
                *line = format!("{indent}:N");
            } else if let Some(unit_ms) = marks.clock_unit_ms
                && number >= 100_000_000
            {
                *line = format!("{indent}:now{:+}", number - now_ms / unit_ms);
            }
        }
        lines
    }
}

/// The indent and value of a line that tells an integer.
fn integer(line: &str) -> Option<(String, i64)> {
    let text = line.trim_start();
    let number = text.strip_prefix(':')?.parse().ok()?;
    Some((line[..line.len() - text.len()].to_string(), number))
}

fn kind_name(head: &str) -> &'static str {
    match head.as_bytes()[0] {
        b'+' => "simple",
        b'-' => "error",
        b':' => "int",
        b'"' | b'$' => "bulk",
        b'*' => "array",
        b'%' => "map",
        b'~' => "set",
        b'_' => "null",
        b'#' => "bool",
        b',' => "double",
        b'(' => "big",
        b'=' => "verbatim",
        b'>' => "push",
        _ => "other",
    }
}

fn plain(bytes: &[u8]) -> String {
    let shown = |byte: &u8| match byte {
        0x20..0x7f => char::from(*byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(shown).collect()
}

fn quoted(bytes: &[u8]) -> String {
    if bytes.len() > LONG {
        let hash = bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
        return format!("${} {hash:016x}", bytes.len());
    }
    let mut text = Vec::new();
    spinel::util::quote::write_quoted(&mut text, bytes);
    String::from_utf8(text).expect("what is not ASCII is escaped")
}

/// Whether the lines say the same, as far as the marks want it.
pub fn agree(expected: &[String], got: &[String], marks: &Marks) -> bool {
    if expected == got || marks.limit == 0 {
        return expected == got;
    }
    expected.len() == got.len() && expected.iter().zip(got).all(|(a, b)| a == b || near(a, b, marks.limit))
}

fn near(a: &str, b: &str, limit: i64) -> bool {
    let split = |line: &str| -> Option<(String, i64)> {
        let at = line.find(|c: char| c.is_ascii_digit() || "+-".contains(c))?;
        let number = line[at..].trim_end_matches('"').parse().ok()?;
        Some((line[..at].to_string(), number))
    };
    match (split(a), split(b)) {
        (Some((a, m)), Some((b, n))) => a == b && (m - n).abs() <= limit,
        _ => false,
    }
}
