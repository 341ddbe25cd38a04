//! CLIENT: what a connection may ask of itself and of others.

use super::filter::Filter;
use super::name::{COMMON, GETNAME, ID, SETINFO, SETNAME};
use super::tracking::{CACHING, GETREDIR, TRACKING, TRACKINGINFO};
use crate::engine::blocking::Unblock;
use crate::engine::client::{Closing, ReplyMode, Session};
use crate::engine::help::{help, help_spec};
use crate::engine::{Acl, Args, CmdResult, Ctx, Engine, Error, Flags, Group, Spec, client_info, done};
use crate::ids::ClientId;

pub static CLIENT: Spec = Spec::plain("client", -2)
    .group(Group::Connection)
    .since("2.4.0")
    .complexity("Depends on subcommand.")
    .summary("A container for commands about connections.")
    .subcommands(&[
        &CACHING,
        &CAPA,
        &GETNAME,
        &GETREDIR,
        &HELP,
        &ID,
        &IMPORT_SOURCE,
        &INFO,
        &KILL,
        &LIST,
        &NO_EVICT,
        &NO_TOUCH,
        &PAUSE,
        &REPLY,
        &SETINFO,
        &SETNAME,
        &TRACKING,
        &TRACKINGINFO,
        &UNBLOCK,
        &UNPAUSE,
    ]);

const ADMIN: Flags = COMMON.with(Flags::ADMIN);

static LIST: Spec = Spec::plain("list", -2)
    .flags(ADMIN)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("2.4.0")
    .complexity("O(N) where N is the number of client connections")
    .summary("Lists connections.")
    .syntax(
        "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]] [USER username] [ADDR ip:port] \
         [LADDR ip:port] [SKIPME <YES | NO>] [MAXAGE maxage]",
    )
    .tips(&["nondeterministic_output"])
    .run_engine(list);

fn list(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    if args.len() == 3 {
        return Err(Error::Syntax);
    }
    let filter = Filter::parse(args, 2, false)?;
    let now_ms = engine.clock.now_ms;
    let mut text = String::new();
    for client in engine.clients.iter().filter(|client| filter.matches(client, id, now_ms)) {
        // A client that is being closed at the end of the turn is as good as gone.
        if client.closing == Some(Closing::Now) {
            continue;
        }
        text.push_str(&client_info::line(client, &engine.commands, now_ms));
        text.push('\n');
    }
    engine.reply(id).verbatim("txt", text.as_bytes());
    done()
}

static INFO: Spec = Spec::plain("info", 2)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("6.2.0")
    .summary("Describes the connection.")
    .tips(&["nondeterministic_output"])
    .run_engine(|engine, id, _| {
        let now_ms = engine.clock.now_ms;
        let text = client_info::line(&engine.clients[id], &engine.commands, now_ms) + "\n";
        engine.reply(id).verbatim("txt", text.as_bytes());
        done()
    });

static KILL: Spec = Spec::plain("kill", -3)
    .flags(ADMIN)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("2.4.0")
    .complexity("O(N) where N is the number of client connections")
    .summary("Closes connections.")
    .syntax(
        "<ip:port | <[ID client-id [client-id ...]] | \
         [TYPE <NORMAL | MASTER | PRIMARY | SLAVE | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | \
         [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage]> [...]>",
    )
    .run_engine(kill);

fn kill(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let old_form = args.len() == 3;
    let filter = if old_form { Filter::address(args.get(2)) } else { Filter::parse(args, 2, true)? };
    let now_ms = engine.clock.now_ms;
    let victims: Vec<ClientId> = engine
        .clients
        .iter()
        .filter(|client| client.closing.is_none() && filter.matches(client, id, now_ms))
        .map(|client| client.id)
        .collect();
    if old_form && victims.is_empty() {
        return Err(Error::Plain("No such client"));
    }
    if old_form {
        engine.reply(id).ok()
    } else {
        engine.reply(id).int(victims.len() as i64)
    }
    for victim in victims {
        if victim == id {
            engine.clients[id].close(Closing::AfterReply);
        } else {
            engine.close_now(victim);
        }
    }
    done()
}

static PAUSE: Spec = Spec::plain("pause", -3)
    .flags(ADMIN)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("3.0.0")
    .summary("Lets the commands of all clients wait.")
    .syntax("timeout [WRITE | ALL]")
    .history(&[("6.2.0", "`CLIENT PAUSE WRITE` mode added along with the `mode` option.")])
    .run_engine(pause);

fn pause(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let all = match args.len() {
        3 => true,
        4 if args.is(3, "all") => true,
        4 if args.is(3, "write") => false,
        4 => return Err(Error::Plain("CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(Error::Syntax),
    };
    let timeout_ms = args.int(2).map_err(|_| Error::Plain("timeout is not an integer or out of range"))?;
    if timeout_ms < 0 {
        return Err(Error::Plain("timeout is negative"));
    }
    let until_ms = engine.clock.now_ms.checked_add(timeout_ms);
    let until_ms = until_ms.ok_or(Error::Plain("timeout is out of range"))?;
    engine.pause_clients(until_ms, all);
    engine.reply(id).ok();
    done()
}

static UNPAUSE: Spec = Spec::plain("unpause", 2)
    .flags(ADMIN)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("6.2.0")
    .complexity("O(N) Where N is the number of paused clients")
    .summary("Ends CLIENT PAUSE.")
    .run_engine(|engine, id, _| {
        engine.unpause_clients();
        engine.reply(id).ok();
        done()
    });

static UNBLOCK: Spec = Spec::plain("unblock", -3)
    .flags(ADMIN)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("5.0.0")
    .complexity("O(log N) where N is the number of client connections")
    .summary("Ends the waiting of a client that is blocked.")
    .syntax("client-id [TIMEOUT | ERROR]")
    .run_engine(unblock);

fn unblock(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let how = match args.opt(3) {
        None => Unblock::Timeout,
        Some(_) if args.is(3, "timeout") => Unblock::Timeout,
        Some(_) if args.is(3, "error") => Unblock::Error,
        Some(_) => return Err(Error::Plain("CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
    };
    let number = args.int(2)?;
    let target = u64::try_from(number).ok().and_then(|number| engine.clients.by_number(number));
    let done_so = target.is_some_and(|target| engine.may_unblock(target) && engine.unblock(target, how));
    engine.reply(id).int(i64::from(done_so));
    done()
}

static REPLY: Spec = Spec::plain("reply", 3)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("3.2.0")
    .summary("Chooses whether commands are answered.")
    .syntax("<ON | OFF | SKIP>")
    .run(|ctx, args| {
        match args.get(2).to_ascii_lowercase().as_slice() {
            b"on" => {
                ctx.session.reply = ReplyMode::On;
                ctx.reply.ok();
            }
            b"off" => ctx.session.reply = ReplyMode::Off,
            // With replies off there is nothing to skip.
            b"skip" if ctx.session.reply == ReplyMode::Off => {}
            b"skip" => ctx.session.reply = ReplyMode::SkipNext,
            _ => return Err(Error::Syntax),
        }
        done()
    });

/// Reads ON or OFF at argument 2 into a field of the session.
fn switch(ctx: &mut Ctx<'_>, args: &Args<'_>, field: fn(&mut Session) -> &mut bool) -> CmdResult {
    *field(ctx.session) = if args.is(2, "on") {
        true
    } else if args.is(2, "off") {
        false
    } else {
        return Err(Error::Syntax);
    };
    ctx.reply.ok();
    done()
}

static NO_EVICT: Spec = Spec::plain("no-evict", 3)
    .flags(ADMIN)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("7.0.0")
    .summary("Keeps the connection when clients are closed for their memory.")
    .syntax("<ON | OFF>")
    .run(|ctx, args| switch(ctx, args, |session| &mut session.no_evict));

static NO_TOUCH: Spec = Spec::plain("no-touch", 3)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("7.2.0")
    .summary("Lets the connection's commands leave no mark of use on keys.")
    .syntax("<ON | OFF>")
    .run(|ctx, args| switch(ctx, args, |session| &mut session.no_touch));

static IMPORT_SOURCE: Spec = Spec::plain("import-source", 3)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("8.1.0")
    .summary("Marks the connection as the source of an import.")
    .syntax("<ON | OFF>")
    .run(|ctx, args| {
        if args.is(2, "on") && !ctx.env.config.import_mode {
            return Err(Error::Plain("Server is not in import mode"));
        }
        switch(ctx, args, |session| &mut session.import_source)
    });

static CAPA: Spec = Spec::plain("capa", -3)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("8.0.0")
    .summary("Tells what the client can do.")
    .syntax("capability [capability ...]")
    .run(|ctx, args| {
        if args.rest(2).iter().any(|word| word.eq_ignore_ascii_case(b"redirect")) {
            ctx.session.capa_redirect = true;
        }
        ctx.reply.ok();
        done()
    });

static HELP: Spec = help_spec("5.0.0").acl(Acl::CONNECTION).group(Group::Connection).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "client",
        &[
            "CACHING (YES|NO)",
            "    Have the keys of the next command tracked or not, with OPTIN or OPTOUT.",
            "CAPA <option> [options...]",
            "    Tell what the client can do: REDIRECT.",
            "GETREDIR",
            "    Return the client that gets this one's invalidations.",
            "GETNAME",
            "    Return the name of the connection.",
            "ID",
            "    Return the number of the connection.",
            "IMPORT-SOURCE (ON|OFF)",
            "    Mark the connection as the source of an import.",
            "INFO",
            "    Describe the connection.",
            "KILL <ip:port>",
            "    Close the connection from <ip:port>.",
            "KILL <option> <value> [<option> <value> [...]]",
            "    Close connections by ADDR, LADDR, TYPE, USER, ID, MAXAGE; SKIPME (YES|NO) spares this one.",
            "LIST [options ...]",
            "    List connections, chosen by the same options as KILL's.",
            "NO-EVICT (ON|OFF)",
            "    Keep the connection when clients are closed for their memory.",
            "NO-TOUCH (ON|OFF)",
            "    Leave no mark of use on keys.",
            "PAUSE <timeout> [WRITE|ALL]",
            "    Let all commands, or those that write, wait for <timeout> milliseconds.",
            "REPLY (ON|OFF|SKIP)",
            "    Choose whether commands are answered.",
            "SETINFO <option> <value>",
            "    Name the client's library (LIB-NAME) or its version (LIB-VER).",
            "SETNAME <name>",
            "    Give the connection a name.",
            "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
            "         [OPTIN] [OPTOUT] [NOLOOP]",
            "    Be told when keys that were read are changed.",
            "TRACKINGINFO",
            "    Describe the connection's tracking.",
            "UNBLOCK <clientid> [TIMEOUT|ERROR]",
            "    End the waiting of a blocked client.",
            "UNPAUSE",
            "    End a pause.",
        ],
    )
});
