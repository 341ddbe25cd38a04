//! The usage line of a command as a tree of arguments, as COMMAND DOCS tells it. One line in the Spec serves both.

/// One argument, or a group of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    pub name: String,
    pub kind: Kind,
    /// The word that has to stand before it.
    pub token: Option<String>,
    pub optional: bool,
    pub multiple: bool,
    /// The token is repeated with every repetition.
    pub multiple_token: bool,
    /// The key spec it belongs to, where that is not the next one.
    pub key_spec: Option<i64>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
    PureToken,
    OneOf(Vec<Node>),
    Block(Vec<Node>),
}

impl Kind {
    /// As COMMAND DOCS names it.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Key => "key",
            Kind::Pattern => "pattern",
            Kind::UnixTime => "unix-time",
            Kind::PureToken => "pure-token",
            Kind::OneOf(_) => "oneof",
            Kind::Block(_) => "block",
        }
    }
}

/// Parses a usage line: `key [NX | XX] [EX seconds] field value [field value ...]`. What stands before `[...]` may be
/// repeated.
pub fn parse(syntax: &str) -> Vec<Node> {
    let spaced: String =
        syntax.chars().flat_map(|c| if "[]<>|".contains(c) { vec![' ', c, ' '] } else { vec![c] }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, at: 0 };
    merge_repetitions(reader.alternatives(""))
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
}

impl Reader<'_> {
    /// Reads up to the closing word; several alternatives become one choice.
    fn alternatives(&mut self, close: &str) -> Vec<Node> {
        let mut branches = vec![Vec::new()];
        while let Some(word) = self.words.get(self.at).copied() {
            self.at += 1;
            match word {
                word if word == close => break,
                "|" => branches.push(Vec::new()),
                word => {
                    let node = self.node(word);
                    branches.last_mut().expect("there is always a branch").push(node);
                }
            }
        }
        if branches.len() == 1 {
            return branches.pop().expect("there is one");
        }
        let choices: Vec<Node> =
            branches.into_iter().map(|branch| as_one(merge_repetitions(branch))).collect();
        let name = choices.first().map_or_else(String::new, |node| node.name.clone());
        vec![plain(name, Kind::OneOf(choices))]
    }

    fn node(&mut self, word: &str) -> Node {
        match word {
            "[" => {
                let inner = merge_repetitions(self.alternatives("]"));
                let mut node = as_one(inner);
                node.optional = true;
                node
            }
            "<" => as_one(merge_repetitions(self.alternatives(">"))),
            "..." => plain("...".to_string(), Kind::PureToken),
            word if is_token(word) => self.token(word),
            word => argument(word),
        }
    }

    /// A token, with the argument that follows it if one does.
    fn token(&mut self, word: &str) -> Node {
        let next = self.words.get(self.at).copied().unwrap_or("|");
        if matches!(next, "|" | "]" | ">" | "[" | "...") || is_token(next) {
            // COMPAT: the token that is an empty argument is told as empty.
            let token = word.trim_matches('"');
            return Node { token: Some(token.to_string()), ..plain(word.to_lowercase(), Kind::PureToken) };
        }
        self.at += 1;
        let mut node = self.node(next);
        node.token = Some(word.to_string());
        node
    }
}

/// A usage line as it is shown: without the types that are told with `name:type`.
pub fn shown(syntax: &str) -> String {
    let words = syntax.split(' ').map(|word| match word.split_once(':') {
        Some((name, rest)) => format!("{name}{}", rest.trim_start_matches(char::is_alphanumeric)),
        None => word.to_string(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// An argument by its word; `name:type` tells the type where the name alone would mislead, `name:number` the key spec.
fn argument(word: &str) -> Node {
    match word.split_once(':') {
        Some((name, "double")) => plain(name.to_string(), Kind::Double),
        Some((name, "integer")) => plain(name.to_string(), Kind::Integer),
        Some((name, "string")) => plain(name.to_string(), Kind::String),
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Node { key_spec: number.parse().ok(), ..plain(name.to_string(), kind_of(name)) }
        }
        _ => plain(word.to_string(), kind_of(word)),
    }
}

fn plain(name: String, kind: Kind) -> Node {
    Node { name, kind, token: None, optional: false, multiple: false, multiple_token: false, key_spec: None }
}

fn is_token(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_alphabetic()) && !word.chars().any(|c| c.is_ascii_lowercase())
        || matches!(word, "*" | "$" | "=" | "~" | "#" | "\"\"")
}

fn kind_of(name: &str) -> Kind {
    match name {
        "key" | "newkey" | "source" | "sourcekey" | "src" | "destination" | "destkey" | "dst" | "key1"
        | "key2" | "numkeys-key" => Kind::Key,
        "pattern" => Kind::Pattern,
        name if name.starts_with("unix-time") => Kind::UnixTime,
        "seconds" | "milliseconds" | "count" | "index" | "offset" | "start" | "end" | "stop"
        | "increment" | "decrement" | "db" | "destination-db" | "numkeys" | "timeout" | "cursor" | "bit"
        | "len" | "min-match-len" | "client-id" | "protover" | "maxage" | "version" | "index1" | "index2"
        | "rank" | "num-matches" | "numreplicas" | "port" | "limit" | "slot" | "start-slot" | "end-slot"
        | "cluster-bus-port" | "config-epoch" => Kind::Integer,
        "score" | "weight" | "longitude" | "latitude" | "radius" | "width" | "height" | "member-score" => {
            Kind::Double
        }
        _ => Kind::String,
    }
}

/// Several arguments in a row are a block, a single one is itself.
fn as_one(mut nodes: Vec<Node>) -> Node {
    if nodes.len() == 1 {
        return nodes.pop().expect("there is one");
    }
    let name = nodes.first().map_or("", |node| node.name.as_str()).to_string();
    let leaf = |node: &Node| {
        !node.optional && !matches!(node.kind, Kind::OneOf(_) | Kind::Block(_) | Kind::PureToken)
    };
    // A word before several plain arguments is theirs together: LIMIT offset count.
    let token = match nodes.split_first_mut() {
        Some((first, rest)) if leaf(first) && rest.iter().all(|node| leaf(node) && node.token.is_none()) => {
            first.token.take()
        }
        _ => None,
    };
    Node { token, ..plain(name, Kind::Block(nodes)) }
}

/// `key [key ...]` and `field value [field value ...]` are one repeated argument.
fn merge_repetitions(nodes: Vec<Node>) -> Vec<Node> {
    let mut merged: Vec<Node> = Vec::new();
    for node in nodes {
        if node.optional && node.name == "..." {
            merged.last_mut().expect("something stands before the dots").multiple = true;
            continue;
        }
        let Some(repeated) = repetition(&node) else {
            merged.push(node);
            continue;
        };
        let count = repeated.len();
        let same = merged.len() >= count
            && merged[merged.len() - count..].iter().zip(&repeated).all(|(a, b)| a.name == b.name);
        if same {
            let tail = merged.split_off(merged.len() - count);
            let mut one = as_one(tail);
            one.multiple = true;
            one.multiple_token = one.token.is_some() && repeated[0].token.is_some();
            merged.push(one);
        } else {
            let mut one = as_one(repeated);
            one.optional = true;
            one.multiple = true;
            merged.push(one);
        }
    }
    merged
}

/// What an optional group that ends in dots repeats.
fn repetition(node: &Node) -> Option<Vec<Node>> {
    if !node.optional {
        return None;
    }
    let Kind::Block(inner) = &node.kind else { return None };
    let (last, rest) = inner.split_last()?;
    (last.name == "...").then(|| rest.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_arguments_are_one() {
        let tree = parse("key value [key value ...]");
        assert_eq!(tree.len(), 1);
        assert!(tree[0].multiple && !tree[0].optional);
        let Kind::Block(inner) = &tree[0].kind else { panic!("a block was expected, not {tree:?}") };
        assert_eq!(inner.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["key", "value"]);
    }

    #[test]
    fn dots_repeat_what_stands_before_them() {
        let tree = parse("<A | [B n]> [...] [GET pattern:1]");
        assert!(tree.len() == 2 && tree[0].multiple && !tree[0].optional && !tree[1].multiple);
        assert_eq!((tree[1].key_spec, &tree[1].kind), (Some(1), &Kind::Pattern));
        assert_eq!(shown("[GET pattern:1]"), "[GET pattern]");
    }

    #[test]
    fn choices_and_tokens_are_told_apart() {
        let tree = parse("key value [NX | XX] [GET] [EX seconds | KEEPTTL]");
        assert_eq!(
            tree.iter().map(|n| n.kind.name()).collect::<Vec<_>>(),
            ["key", "string", "oneof", "pure-token", "oneof"]
        );
        let Kind::OneOf(choices) = &tree[4].kind else { panic!("a choice was expected") };
        assert_eq!(choices[0].token.as_deref(), Some("EX"));
        assert_eq!(choices[0].kind, Kind::Integer);
        assert_eq!(choices[1].kind, Kind::PureToken);
        assert!(tree[2].optional && tree[3].optional);
    }
}
