//! The files of recorded replies, read. The format is told in record.py; knows no server.

use spinel::util::quote::unquote_arg;
use std::path::Path;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    #[default]
    Kept,
    Any,
    AnyPairs,
}

/// What of a reply counts.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub order: Order,
    pub type_only: bool,
    pub shape: bool,
    /// How far numbers may lie from those written.
    pub limit: i64,
    /// Integers are points in time in this unit, told relative to now.
    pub clock_unit_ms: Option<i64>,
}

/// A line that a client got.
#[derive(Clone, Debug)]
struct Line {
    client: String,
    /// 2, 3, or 0 for both.
    proto: u8,
    text: String,
}

/// A request, or time that passes.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Where it is written: file and line.
    pub place: String,
    pub client: String,
    pub text: String,
    pub words: Vec<Vec<u8>>,
    pub advance_ms: Option<i64>,
    pub marks: Marks,
    lines: Vec<Line>,
}

impl Step {
    /// What each client gets, by its name, in the order written; the one who asked has no name.
    pub fn expected(&self, proto: u8) -> Vec<(String, String)> {
        let mine = self.lines.iter().filter(|line| line.proto == 0 || line.proto == proto);
        mine.map(|line| (line.client.clone(), line.text.clone())).collect()
    }
}

/// Requests that belong together, from an empty server on.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub place: String,
    pub steps: Vec<Step>,
    pub no_multi: bool,
    pub no_log: bool,
    pub needs_process: bool,
    /// Its commands are not there yet.
    pub later: bool,
    only: u8,
}

impl Group {
    pub fn protocols(&self) -> Vec<u8> {
        if self.only == 0 { vec![2, 3] } else { vec![self.only] }
    }
}

/// The groups of a file.
pub fn read(path: &Path) -> Vec<Group> {
    let text = std::fs::read_to_string(path).expect("the file is there");
    let file = path.file_name().and_then(|name| name.to_str()).expect("a name of letters").to_string();
    let mut groups = vec![Group::default()];
    let mut marks = Marks::default();
    for (number, line) in text.lines().enumerate() {
        let group = groups.last_mut().expect("there is always one");
        if line.trim().is_empty() {
            groups.push(Group::default());
        } else if let Some(mark) = line.strip_prefix('@') {
            read_mark(mark, group, &mut marks);
        } else if !line.starts_with('#') {
            if group.steps.is_empty() {
                group.place = format!("{file}:{}", number + 1);
            }
            let place = format!("{file}:{}", number + 1);
            read_line(line, place, group, &mut marks)
                .unwrap_or_else(|| panic!("{file}:{}: {line}", number + 1));
        }
    }
    groups.retain(|group| !group.steps.is_empty());
    groups
}

fn read_mark(mark: &str, group: &mut Group, marks: &mut Marks) {
    let (name, value) = mark.split_once(' ').unwrap_or((mark, ""));
    let number = || value.parse::<i64>().unwrap_or_else(|_| panic!("@{mark} needs a number"));
    match name {
        "advance" => group.steps.push(Step { advance_ms: Some(number()), ..Step::default() }),
        "no-multi" => group.no_multi = true,
        "no-log" => group.no_log = true,
        "process" => group.needs_process = true,
        "later" => group.later = true,
        "resp2" => group.only = 2,
        "resp3" => group.only = 3,
        "any-order" => marks.order = if value == "pairs" { Order::AnyPairs } else { Order::Any },
        "type-only" => marks.type_only = true,
        "shape" => marks.shape = true,
        "near" => marks.limit = number(),
        "clock" => {
            let (unit_ms, limit) = if value == "ms" { (1, 1500) } else { (1000, 2) };
            (marks.clock_unit_ms, marks.limit) = (Some(unit_ms), limit);
        }
        "ours" => {}
        _ => panic!("there is no mark @{mark}"),
    }
}

/// A request or a line of a reply.
fn read_line(line: &str, place: String, group: &mut Group, marks: &mut Marks) -> Option<()> {
    let at = line.find(['<', '>'])?;
    let client = line[..at].to_string();
    let rest = &line[at + 1..];
    if line.as_bytes()[at] == b'>' {
        let text = rest.strip_prefix(' ')?.to_string();
        let words = words(&text)?;
        group.steps.push(Step {
            place,
            client,
            text,
            words,
            marks: std::mem::take(marks),
            ..Step::default()
        });
        return Some(());
    }
    let proto = match rest.as_bytes().first()? {
        b'2' => 2,
        b'3' => 3,
        _ => 0,
    };
    let text = rest.strip_prefix(['2', '3']).unwrap_or(rest).strip_prefix(' ')?.to_string();
    group.steps.last_mut()?.lines.push(Line { client, proto, text });
    Some(())
}

fn words(text: &str) -> Option<Vec<Vec<u8>>> {
    let (mut words, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix(' ') {
            rest = tail;
            continue;
        }
        let repeated = rest.strip_prefix('{').and_then(|inner| {
            let (count, inner) = inner.split_once('*')?;
            let (word, tail) = inner.split_once('}')?;
            Some((word.repeat(count.parse().ok()?).into_bytes(), tail))
        });
        if let Some((word, tail)) = repeated {
            words.push(word);
            rest = tail;
            continue;
        }
        let mut word = Vec::new();
        let used = unquote_arg(rest.as_bytes(), &mut word)?;
        words.push(word);
        rest = &rest[used..];
    }
    Some(words)
}
