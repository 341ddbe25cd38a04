//! COMMAND: what the commands are.

use crate::engine::help::help;
use crate::engine::keys_of::keys_of;
use crate::engine::spec::{Begin, Find};
use crate::engine::syntax::{self, Kind, Node};
use crate::engine::table::{Command, CommandTable};
use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::ClientId;
use crate::resp::reply::Reply;
use crate::util::glob::Glob;

const FLAGS: Flags = Flags::LOADING.with(Flags::STALE);

pub static COMMAND: Spec = Spec::plain("command", -1)
    .flags(FLAGS)
    .acl(Acl::CONNECTION)
    .group(Group::Server)
    .since("2.8.13")
    .complexity("O(N) where N is the total number of commands.")
    .summary("Describes all commands.")
    .tips(&["nondeterministic_output_order"])
    .subcommands(&[&COUNT, &DOCS, &GETKEYS, &GETKEYSANDFLAGS, &HELP, &INFO, &LIST])
    .run_engine(|engine, id, args| match args.len() {
        1 => info_of(engine, id, None),
        _ => Err(engine.commands.unknown_subcommand(args)),
    });

const fn sub(name: &'static str, arity: i16) -> Spec {
    Spec::plain(name, arity).flags(FLAGS).acl(Acl::CONNECTION).group(Group::Server).since("2.8.13")
}

static COUNT: Spec = sub("count", 2).summary("Counts the commands.").run_engine(|engine, id, _| {
    let count = engine.commands.iter().filter(|command| command.parent.is_none()).count();
    engine.reply(id).int(count as i64);
    done()
});

static INFO: Spec = sub("info", -2)
    .complexity("O(N) where N is the number of commands to look up")
    .summary("Describes commands.")
    .syntax("[command-name [command-name ...]]")
    .history(&[("7.0.0", "Allowed to be called with no argument to get info on all commands.")])
    .tips(&["nondeterministic_output_order"])
    .run_engine(|engine, id, args| info_of(engine, id, (args.len() > 2).then(|| args.rest(2))));

/// Describes the named commands, or all.
fn info_of(engine: &mut Engine, id: ClientId, names: Option<&[&[u8]]>) -> CmdResult {
    let Engine { commands, clients, .. } = engine;
    let client = &mut clients[id];
    let mut reply = Reply::new(&mut client.out.buf, client.session.proto);
    let Some(names) = names else {
        let all: Vec<&Command> = commands.iter().filter(|command| command.parent.is_none()).collect();
        reply.array(all.len());
        all.iter().for_each(|command| write_info(&mut reply, commands, command));
        return done();
    };
    reply.array(names.len());
    for name in names {
        match commands.named(name).first() {
            Some(found) => write_info(&mut reply, commands, commands.get(*found)),
            None => reply.null(),
        }
    }
    done()
}

fn write_info(reply: &mut Reply<'_>, commands: &CommandTable, command: &Command) {
    let spec = command.spec;
    let (first, last, step) = legacy_range(spec);
    reply.array(10);
    reply.bulk(command.full_name.as_bytes());
    reply.int(i64::from(spec.arity));
    let flags: Vec<&str> = flags_of(spec).names().collect();
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.simple(flag));
    [first, last, step].into_iter().for_each(|n| reply.int(n));
    let categories: Vec<&str> = spec.categories().names().collect();
    reply.set(categories.len());
    categories.iter().for_each(|category| reply.simple(format!("@{category}")));
    reply.set(spec.tips.len());
    spec.tips.iter().for_each(|tip| reply.bulk(tip.as_bytes()));
    reply.set(spec.keys.len());
    spec.keys.iter().for_each(|key| write_key_spec(reply, key));
    // COMPAT: sub-commands are an array, none are an empty set.
    match command.subcommands.len() {
        0 => reply.set(0),
        count => reply.array(count),
    }
    for sub in &command.subcommands {
        write_info(reply, commands, commands.get(*sub));
    }
}

/// The flags with the one that follows from the key specs.
fn flags_of(spec: &Spec) -> Flags {
    let fixed = spec.keys.iter().all(|key| {
        matches!((key.begin, key.find), (Begin::Index(_), Find::Range { .. }))
            && !key.flags.has(KeyFlags::INCOMPLETE)
    });
    if fixed { spec.flags } else { spec.flags | Flags::MOVABLE_KEYS }
}

/// First, last and step as they were told before there were key specs.
fn legacy_range(spec: &Spec) -> (i64, i64, i64) {
    let ranges = spec.keys.iter().filter_map(|key| match (key.begin, key.find) {
        (Begin::Index(index), Find::Range { last, step, .. }) => {
            let last = if last >= 0 { index + last } else { last };
            Some((i64::from(index), i64::from(last), i64::from(step)))
        }
        _ => None,
    });
    let mut merged: Option<(i64, i64, i64)> = None;
    for (first, last, step) in ranges {
        merged = match merged {
            None => Some((first, last, step)),
            // Specs that follow one another at the same distance are one range.
            Some((f, l, s)) if s == step && l >= 0 && first == l + s => Some((f, last, s)),
            kept => kept,
        };
    }
    merged.unwrap_or((0, 0, 0))
}

fn write_key_spec(reply: &mut Reply<'_>, key: &KeySpec) {
    reply.map(3 + usize::from(!key.notes.is_empty()));
    if !key.notes.is_empty() {
        reply.bulk(b"notes");
        reply.bulk(key.notes.as_bytes());
    }
    reply.bulk(b"flags");
    let flags: Vec<&str> = key.flags.names().collect();
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.simple(flag));
    reply.bulk(b"begin_search");
    match key.begin {
        Begin::Unknown => write_search(reply, "unknown", &[]),
        Begin::Index(index) => write_search(reply, "index", &[("index", i64::from(index))]),
        Begin::Keyword(word, from) => {
            write_head(reply, "keyword", 2);
            reply.bulk(b"keyword");
            reply.bulk(word.to_uppercase().as_bytes());
            reply.bulk(b"startfrom");
            reply.int(i64::from(from));
        }
    }
    reply.bulk(b"find_keys");
    match key.find {
        Find::Unknown => write_search(reply, "unknown", &[]),
        Find::Range { last, step, limit } => write_search(
            reply,
            "range",
            &[("lastkey", i64::from(last)), ("keystep", i64::from(step)), ("limit", i64::from(limit))],
        ),
        Find::Count { index, first, step } => write_search(
            reply,
            "keynum",
            &[("keynumidx", i64::from(index)), ("firstkey", i64::from(first)), ("keystep", i64::from(step))],
        ),
    }
}

fn write_head(reply: &mut Reply<'_>, kind: &str, fields: usize) {
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(kind.as_bytes());
    reply.bulk(b"spec");
    reply.map(fields);
}

fn write_search(reply: &mut Reply<'_>, kind: &str, fields: &[(&str, i64)]) {
    write_head(reply, kind, fields.len());
    for (name, value) in fields {
        reply.bulk(name.as_bytes());
        reply.int(*value);
    }
}

static DOCS: Spec = sub("docs", -2)
    .since("7.0.0")
    .complexity("O(N) where N is the number of commands to look up")
    .summary("Documents commands.")
    .syntax("[command-name [command-name ...]]")
    .tips(&["nondeterministic_output_order"])
    .run_engine(docs);

fn docs(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let Engine { commands, clients, .. } = engine;
    let client = &mut clients[id];
    let mut reply = Reply::new(&mut client.out.buf, client.session.proto);
    let wanted: Vec<&Command> = if args.len() == 2 {
        commands.iter().filter(|command| command.parent.is_none()).collect()
    } else {
        let named = args.rest(2).iter().filter_map(|name| commands.named(name).first().copied());
        named.map(|id| commands.get(id)).collect()
    };
    reply.map(wanted.len());
    for command in wanted {
        write_docs(&mut reply, commands, command);
    }
    done()
}

fn write_docs(reply: &mut Reply<'_>, commands: &CommandTable, command: &Command) {
    let spec = command.spec;
    let tree = syntax::parse(spec.syntax);
    reply.bulk(command.full_name.as_bytes());
    let fields = 3
        + usize::from(!spec.complexity.is_empty())
        + usize::from(spec.system || spec.deprecated.is_some())
        + usize::from(spec.deprecated.is_some()) * 2
        + usize::from(!spec.history.is_empty())
        + usize::from(!tree.is_empty())
        + usize::from(!command.subcommands.is_empty());
    reply.map(fields);
    let pairs = [
        ("summary", spec.summary),
        ("since", spec.since),
        ("group", spec.group.name()),
        ("complexity", spec.complexity),
    ];
    for (name, text) in pairs.into_iter().filter(|(_, text)| !text.is_empty()) {
        reply.bulk(name.as_bytes());
        reply.bulk(text.as_bytes());
    }
    let flags = [(spec.deprecated.is_some(), "deprecated"), (spec.system, "syscmd")];
    let flags: Vec<&str> = flags.into_iter().filter_map(|(on, name)| on.then_some(name)).collect();
    if !flags.is_empty() {
        reply.bulk(b"doc_flags");
        reply.set(flags.len());
        flags.iter().for_each(|flag| reply.simple(flag));
    }
    if let Some((since, instead)) = spec.deprecated {
        reply.bulk(b"deprecated_since");
        reply.bulk(since.as_bytes());
        reply.bulk(b"replaced_by");
        reply.bulk(instead.as_bytes());
    }
    if !spec.history.is_empty() {
        reply.bulk(b"history");
        reply.set(spec.history.len());
        for (version, change) in spec.history {
            reply.array(2);
            reply.bulk(version.as_bytes());
            reply.bulk(change.as_bytes());
        }
    }
    if !tree.is_empty() {
        reply.bulk(b"arguments");
        write_arguments(reply, &tree, &mut 0, spec.keys.len() as i64 - 1);
    }
    if !command.subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(command.subcommands.len());
        for sub in &command.subcommands {
            write_docs(reply, commands, commands.get(*sub));
        }
    }
}

/// `key_spec` counts the keys met so far: each belongs to the next key spec, up to the last.
fn write_arguments(reply: &mut Reply<'_>, nodes: &[Node], key_spec: &mut i64, last_spec: i64) {
    reply.array(nodes.len());
    for node in nodes {
        let inner = match &node.kind {
            Kind::OneOf(inner) | Kind::Block(inner) => Some(inner),
            _ => None,
        };
        let flags: Vec<&str> = [
            (node.optional, "optional"),
            (node.multiple, "multiple"),
            (node.multiple_token, "multiple_token"),
        ]
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect();
        let is_key = node.kind == Kind::Key || node.key_spec.is_some();
        let shown = inner.is_none() && node.kind != Kind::PureToken;
        let fields = 2
            + usize::from(shown)
            + usize::from(is_key)
            + usize::from(node.token.is_some())
            + usize::from(!flags.is_empty())
            + usize::from(inner.is_some());
        reply.map(fields);
        let mut text = |name: &str, value: &str| {
            reply.bulk(name.as_bytes());
            reply.bulk(value.as_bytes());
        };
        text("name", &node.name);
        text("type", node.kind.name());
        if shown {
            text("display_text", &node.name);
        }
        if let Some(token) = &node.token {
            text("token", token);
        }
        if is_key {
            reply.bulk(b"key_spec_index");
            reply.int(node.key_spec.unwrap_or((*key_spec).min(last_spec)));
            *key_spec += 1;
        }
        if !flags.is_empty() {
            reply.bulk(b"flags");
            reply.set(flags.len());
            flags.iter().for_each(|flag| reply.simple(flag));
        }
        if let Some(inner) = inner {
            reply.bulk(b"arguments");
            write_arguments(reply, inner, key_spec, last_spec);
        }
    }
}

static GETKEYS: Spec = sub("getkeys", -3)
    .complexity("O(N) where N is the number of arguments to the command")
    .summary("Finds the keys among a command's arguments.")
    .syntax("command [arg [arg ...]]")
    .run_engine(|engine, id, args| get_keys(engine, id, args, false));

static GETKEYSANDFLAGS: Spec = sub("getkeysandflags", -3)
    .since("7.0.0")
    .complexity("O(N) where N is the number of arguments to the command")
    .summary("Finds the keys among a command's arguments, and what happens to them.")
    .syntax("command [arg [arg ...]]")
    .run_engine(|engine, id, args| get_keys(engine, id, args, true));

fn get_keys(engine: &mut Engine, id: ClientId, args: &Args<'_>, with_flags: bool) -> CmdResult {
    let asked = Args::new(args.rest(2));
    let command = match engine.commands.resolve(&asked) {
        Ok(command) => engine.commands.get(command),
        Err(Error::Arity(_)) => {
            return Err(Error::Plain("Invalid number of arguments specified for command"));
        }
        Err(_) => return Err(Error::Plain("Invalid command specified")),
    };
    if command.spec.keys.is_empty() {
        return Err(Error::Plain("The command has no key arguments"));
    }
    let keys =
        keys_of(command.spec, &asked).map_err(|_| Error::Plain("Invalid arguments specified for command"))?;
    let keys: Vec<_> = keys.into_iter().filter(|key| !key.flags.has(KeyFlags::NOT_KEY)).collect();
    if keys.is_empty() && !command.spec.flags.has(Flags::NO_MANDATORY_KEYS) {
        return Err(Error::Plain("Invalid arguments specified for command"));
    }
    let mut reply = engine.reply(id);
    reply.array(keys.len());
    for key in keys {
        if with_flags {
            reply.array(2);
        }
        reply.bulk(asked.get(key.index));
        if with_flags {
            let flags: Vec<&str> = key.flags.names().collect();
            reply.set(flags.len());
            flags.iter().for_each(|flag| reply.simple(flag));
        }
    }
    done()
}

static LIST: Spec = sub("list", -2)
    .since("7.0.0")
    .complexity("O(N) where N is the total number of commands")
    .summary("Lists the names of the commands.")
    .syntax("[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]")
    .tips(&["nondeterministic_output_order"])
    .run_engine(list);

fn list(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    type Choice<'a> = Box<dyn Fn(&Command) -> bool + 'a>;
    let choose: Choice<'_> = match args.len() {
        2 => Box::new(|_| true),
        5 if args.is(2, "filterby") && args.is(3, "module") => Box::new(|_| false),
        5 if args.is(2, "filterby") && args.is(3, "aclcat") => {
            let wanted = args.get(4).to_ascii_lowercase();
            let category = Acl::NAMES.iter().find(|(_, name)| name.as_bytes() == wanted).map(|(bit, _)| *bit);
            Box::new(move |command| category.is_some_and(|bit| command.spec.categories().has(bit)))
        }
        5 if args.is(2, "filterby") && args.is(3, "pattern") => {
            let pattern = Glob::new(args.get(4));
            Box::new(move |command| pattern.matches(command.full_name.as_bytes()))
        }
        _ => return Err(Error::Syntax),
    };
    let names: Vec<String> = engine
        .commands
        .iter()
        .filter(|command| choose(command))
        .map(|command| command.full_name.clone())
        .collect();
    let mut reply = engine.reply(id);
    reply.array(names.len());
    names.iter().for_each(|name| reply.bulk(name.as_bytes()));
    done()
}

static HELP: Spec = sub("help", 2).since("5.0.0").summary("Explains the subcommands.").run(|ctx, _| {
    help(
        &mut ctx.reply,
        "command",
        &[
            "(no subcommand)",
            "    Return details about all commands.",
            "COUNT",
            "    Return the number of commands.",
            "LIST",
            "    Return the names of all commands.",
            "INFO [<command-name> ...]",
            "    Return details about commands, by default about all.",
            "DOCS [<command-name> ...]",
            "    Return documentation of commands, by default of all.",
            "GETKEYS <full-command>",
            "    Return the keys of a full command.",
            "GETKEYSANDFLAGS <full-command>",
            "    Return the keys of a full command and what happens to them.",
        ],
    )
});
