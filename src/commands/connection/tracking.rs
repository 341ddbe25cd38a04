//! CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO: how a connection hears that keys it caches have changed.

use super::name::COMMON;
use crate::engine::{Acl, Args, CmdResult, Engine, Error, Group, Spec, done};
use crate::ids::ClientId;
use crate::tracking::{Mode, Redirect, overlaps};

pub static TRACKING: Spec = Spec::plain("tracking", -3)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("6.0.0")
    .complexity("O(1). Some options may introduce additional complexity.")
    .summary("Chooses whether the connection is told when keys it read are changed.")
    .syntax(
        "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
    )
    .run_engine(tracking);

fn tracking(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let mut mode = parse(engine, args)?;
    if args.is(2, "on") {
        check(engine.clients[id].tracking.as_deref(), &mode)?;
        if mode.broadcast && mode.prefixes.is_empty() {
            mode.prefixes.push(Box::default());
        }
        engine.start_tracking(id, mode);
    } else if args.is(2, "off") {
        engine.stop_tracking(id);
    } else {
        return Err(Error::Syntax);
    }
    engine.reply(id).ok();
    done()
}

fn parse(engine: &Engine, args: &Args<'_>) -> Result<Mode, Error> {
    let mut mode = Mode::default();
    let mut at = 3;
    while at < args.len() {
        let more = at + 1 < args.len();
        if args.is(at, "redirect") && more {
            at += 1;
            if mode.redirect.is_some() {
                return Err(Error::Plain("A client can only redirect to a single other client"));
            }
            let number = u64::try_from(args.int(at)?).ok();
            let found =
                number.and_then(|number| Some(Redirect { number, id: engine.clients.by_number(number)? }));
            let unknown = Error::Plain("The client ID you want redirect to does not exist");
            mode.redirect = Some(found.ok_or(unknown)?);
        } else if args.is(at, "prefix") && more {
            at += 1;
            mode.prefixes.push(args.get(at).into());
        } else {
            let option = match () {
                () if args.is(at, "bcast") => &mut mode.broadcast,
                () if args.is(at, "optin") => &mut mode.opt_in,
                () if args.is(at, "optout") => &mut mode.opt_out,
                () if args.is(at, "noloop") => &mut mode.no_loop,
                () => return Err(Error::Syntax),
            };
            *option = true;
        }
        at += 1;
    }
    Ok(mode)
}

/// Whether the options agree with one another and with how the client tracks already.
fn check(old: Option<&Mode>, new: &Mode) -> Result<(), Error> {
    if !new.broadcast && !new.prefixes.is_empty() {
        return Err(Error::Plain("PREFIX option requires BCAST mode to be enabled"));
    }
    if old.is_some_and(|old| old.broadcast != new.broadcast) {
        return Err(Error::Plain(
            "You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it \
             with a different mode.",
        ));
    }
    if new.broadcast && (new.opt_in || new.opt_out) {
        return Err(Error::Plain("OPTIN and OPTOUT are not compatible with BCAST"));
    }
    if new.opt_in && new.opt_out {
        return Err(Error::Plain("You can't specify both OPTIN mode and OPTOUT mode"));
    }
    if old.is_some_and(|old| (new.opt_in && old.opt_out) || (new.opt_out && old.opt_in)) {
        return Err(Error::Plain(
            "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it \
             with a different mode.",
        ));
    }
    check_prefixes(old, new)
}

/// No key may have two of a client's prefixes: it would be told of it twice.
fn check_prefixes(old: Option<&Mode>, new: &Mode) -> Result<(), Error> {
    let refuse = |prefix: &[u8], what: &str, other: &[u8]| {
        Err(Error::text(format!(
            "Prefix '{}' overlaps with {what} prefix '{}'. Prefixes for a single client must not overlap.",
            String::from_utf8_lossy(prefix),
            String::from_utf8_lossy(other),
        )))
    };
    for (i, prefix) in new.prefixes.iter().enumerate() {
        if let Some(other) = old.and_then(|old| old.overlap(prefix)) {
            return refuse(prefix, "an existing", other);
        }
        if let Some(other) = new.prefixes.iter().skip(i + 1).find(|other| overlaps(prefix, other)) {
            return refuse(prefix, "another provided", other);
        }
    }
    Ok(())
}

pub static CACHING: Spec = Spec::plain("caching", 3)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("6.0.0")
    .complexity("O(1)")
    .summary("Chooses whether the keys of the next command are tracked.")
    .syntax("<YES | NO>")
    .run_engine(caching);

fn caching(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let Some(mode) = &mut engine.clients[id].tracking else {
        return Err(Error::Plain(
            "CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        ));
    };
    match () {
        () if args.is(2, "yes") && !mode.opt_in => {
            let text = "CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
            return Err(Error::Plain(text));
        }
        () if args.is(2, "no") && !mode.opt_out => {
            let text = "CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";
            return Err(Error::Plain(text));
        }
        () if args.is(2, "yes") || args.is(2, "no") => mode.caching = true,
        () => return Err(Error::Syntax),
    }
    engine.reply(id).ok();
    done()
}

/// The number of the connection that gets the invalidations: 0 for the client's own, -1 without tracking.
fn redirection(mode: Option<&Mode>) -> i64 {
    mode.map_or(-1, |mode| mode.redirect_number())
}

pub static GETREDIR: Spec = Spec::plain("getredir", 2)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("6.0.0")
    .summary("Tells to which connection invalidations are sent: -1 without tracking.")
    .run_engine(|engine, id, _| {
        let number = redirection(engine.clients[id].tracking.as_deref());
        engine.reply(id).int(number);
        done()
    });

pub static TRACKINGINFO: Spec = Spec::plain("trackinginfo", 2)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("6.2.0")
    .summary("Describes the connection's tracking.")
    .run_engine(info);

fn info(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    let tracks = engine.clients[id].tracking.as_deref().cloned();
    let (on, number) = (tracks.is_some(), redirection(tracks.as_ref()));
    let mode = tracks.unwrap_or_default();
    let flags = [
        (!on, "off"),
        (on, "on"),
        (mode.broadcast, "bcast"),
        (mode.opt_in, "optin"),
        (mode.opt_in && mode.caching, "caching-yes"),
        (mode.opt_out, "optout"),
        (mode.opt_out && mode.caching, "caching-no"),
        (mode.no_loop, "noloop"),
        (mode.broken, "broken_redirect"),
    ];
    let mut reply = engine.reply(id);
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(flags.iter().filter(|(set, _)| *set).count());
    for (_, name) in flags.iter().filter(|(set, _)| *set) {
        reply.bulk(name.as_bytes());
    }
    reply.bulk(b"redirect");
    reply.int(number);
    reply.bulk(b"prefixes");
    reply.array(mode.prefixes.len());
    mode.prefixes.iter().for_each(|prefix| reply.bulk(prefix));
    done()
}
