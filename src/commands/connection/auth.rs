//! AUTH, HELLO, and the password check behind them.

use crate::engine::client::Session;
use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Group, Spec, done};
use crate::ids::ClientId;
use crate::resp::reply::Proto;

const EARLY: Flags = Flags::NOSCRIPT
    .with(Flags::LOADING)
    .with(Flags::STALE)
    .with(Flags::FAST)
    .with(Flags::NO_AUTH)
    .with(Flags::SENTINEL)
    .with(Flags::ALLOW_BUSY);

pub static AUTH: Spec = Spec::plain("auth", -2)
    .flags(EARLY)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .complexity("O(N) where N is the number of passwords defined for the user")
    .summary("Tells the server who is there.")
    .syntax("[username] password")
    .history(&[("6.0.0", "Added ACL style (username and password).")])
    .run_engine(auth);

/// The longest name or password that is looked at.
const MAX_BYTES: usize = 1 << 16;

/// Compares in a time that does not tell how much of it is right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (x, y)| differ | (x ^ y)) == 0
}

/// Checks a name and a password, and lets the client in.
fn authenticate(engine: &mut Engine, id: ClientId, user: &[u8], password: &[u8]) -> Result<(), Error> {
    let wanted = &engine.config.requirepass;
    let right = wanted.is_empty() || (password.len() <= MAX_BYTES && same(wanted, password));
    if user != b"default" || !right {
        engine.stats.denials.auth += 1;
        return Err(Error::WrongPass);
    }
    engine.clients[id].session.authenticated = true;
    Ok(())
}

fn auth(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let (user, password) = match args.len() {
        2 if engine.config.requirepass.is_empty() => {
            return Err(Error::Plain(
                "AUTH <password> called without any password configured for the default user. Are you sure your \
                 configuration is correct?",
            ));
        }
        2 => (&b"default"[..], args.get(1)),
        3 => (args.get(1), args.get(2)),
        _ => return Err(Error::Syntax),
    };
    authenticate(engine, id, user, password)?;
    engine.reply(id).ok();
    done()
}

pub static HELLO: Spec = Spec::plain("hello", -1)
    .flags(EARLY)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("6.0.0")
    .complexity("O(1)")
    .summary("Chooses the protocol, tells who is there, and learns what the server is.")
    .syntax("[protover [AUTH username password] [SETNAME clientname]]")
    .history(&[(
        "6.2.0",
        "`protover` made optional; when called without arguments the command \
         reports the current connection's context.",
    )])
    .run_engine(hello);

/// What HELLO was asked for.
#[derive(Default)]
struct Hello<'a> {
    proto: Option<Proto>,
    credentials: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

impl<'a> Hello<'a> {
    fn parse(args: &Args<'a>) -> Result<Self, Error> {
        let mut hello = Hello::default();
        if args.len() >= 2 {
            let version = args.int(1);
            let version =
                version.map_err(|_| Error::Plain("Protocol version is not an integer or out of range"))?;
            hello.proto = Some(match version {
                2 => Proto::Resp2,
                3 => Proto::Resp3,
                _ => return Err(Error::Coded("NOPROTO unsupported protocol version")),
            });
        }
        let mut i = 2;
        while i < args.len() {
            let more = args.len() - 1 - i;
            if args.is(i, "auth") && more >= 2 {
                hello.credentials = Some((args.get(i + 1), args.get(i + 2)));
                i += 3;
            } else if args.is(i, "setname") && more >= 1 {
                super::name::check_name(args.get(i + 1))?;
                hello.name = Some(args.get(i + 1));
                i += 2;
            } else {
                let option = String::from_utf8_lossy(args.get(i));
                return Err(Error::text(format!("Syntax error in HELLO option '{option}'")));
            }
        }
        Ok(hello)
    }
}

fn hello(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let hello = Hello::parse(args)?;
    if let Some((user, password)) = hello.credentials {
        authenticate(engine, id, user, password)?;
    }
    let session: &mut Session = &mut engine.clients[id].session;
    if !session.authenticated {
        return Err(Error::Coded(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
             <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the \
             same time",
        ));
    }
    if let Some(name) = hello.name {
        session.name = name.to_vec();
    }
    session.proto = hello.proto.unwrap_or(session.proto);
    let proto = if session.proto == Proto::Resp3 { 3 } else { 2 };
    let number = engine.clients[id].number;
    let zone = engine.config.availability_zone.clone();
    let mut reply = engine.reply(id);
    reply.map(if zone.is_empty() { 7 } else { 8 });
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(crate::engine::REDIS_VERSION.as_bytes());
    reply.bulk(b"proto");
    reply.int(proto);
    reply.bulk(b"id");
    reply.int(number as i64);
    reply.bulk(b"mode");
    reply.bulk(b"standalone");
    reply.bulk(b"role");
    reply.bulk(b"master");
    reply.bulk(b"modules");
    reply.array(0);
    if !zone.is_empty() {
        reply.bulk(b"availability_zone");
        reply.bulk(&zone);
    }
    done()
}
