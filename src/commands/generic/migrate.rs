//! MIGRATE: keys move to another server, which is told to RESTORE them; what it acknowledged goes here. The whole
//! server waits meanwhile, so that a key is never in both places or in none for anybody who looks.

use crate::engine::keys_of::KeyAt;
use crate::engine::links::{Kept, Link, LinkError};
use crate::engine::spec::Find;
use crate::engine::{Acl, Args, CmdResult, Engine, Error, KeyFlags, KeySpec, Spec, done, snapshot};
use crate::ids::ClientId;
use crate::keyspace::effects::encode_command;
use crate::keyspace::{EventClass, Keys};
use crate::persist::rdb;

const MOVED: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE);
const MANY: Find = Find::Range { last: -1, step: 1, limit: 0 };

pub static MIGRATE: Spec = Spec::write("migrate", -6)
    .keys(&[
        KeySpec::at(3, MOVED),
        KeySpec::after_word("KEYS", -2, MANY, MOVED.with(KeyFlags::INCOMPLETE)),
    ])
    .keys_by(keys_of_migrate)
    .acl(Acl::KEYSPACE.with(Acl::DANGEROUS))
    .since("2.6.0")
    .complexity("That of DUMP and DEL here and of RESTORE there, and O(N) to send N bytes.")
    .summary("Moves keys to another server.")
    .syntax(
        "host port <key | \"\"> destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username password] \
         [KEYS key [key ...]]",
    )
    .history(&[
        ("3.0.0", "Added the `COPY` and `REPLACE` options."),
        ("3.0.6", "Added the `KEYS` option."),
        ("4.0.7", "Added the `AUTH` option."),
        ("6.0.0", "Added the `AUTH2` option."),
    ])
    .tips(&["nondeterministic_output"])
    .run_engine(migrate);

const CANNOT_CONNECT: Error = Error::Coded("IOERR error or timeout connecting to the client");
const CANNOT_WRITE: Error = Error::Coded("IOERR error or timeout writing to target instance");
const CANNOT_READ: Error = Error::Coded("IOERR error or timeout reading to target instance");
/// What a timeout of zero or less means.
const DEFAULT_MS: u64 = 1000;

/// The keys among the arguments: one by itself, or all that follow the word.
fn keys_of_migrate(args: &Args<'_>) -> Vec<KeyAt> {
    let mut range = 3..4;
    let mut i = 6;
    while i < args.len() {
        // COMPAT: the word alone, at the end, is none.
        if args.is(i, "keys") && i + 1 < args.len() {
            // With both there is a syntax error to come, and no key.
            range = if args.get(3).is_empty() { i + 1..args.len() } else { 0..0 };
            break;
        }
        i += match () {
            () if args.is(i, "auth") => 2,
            () if args.is(i, "auth2") => 3,
            () => 1,
        };
    }
    range.map(|index| KeyAt { index, flags: MOVED }).collect()
}

/// What is wanted.
struct Order<'a> {
    host: &'a [u8],
    port: &'a [u8],
    db: i64,
    timeout_ms: u64,
    copy: bool,
    replace: bool,
    /// What follows AUTH there: a password, or a name and a password.
    auth: &'a [&'a [u8]],
    keys: &'a [&'a [u8]],
}

impl<'a> Order<'a> {
    fn parse(args: &Args<'a>) -> Result<Self, Error> {
        let rest = args.rest(0);
        let (mut copy, mut replace) = (false, false);
        let (mut user, mut password) = (None, None);
        let mut keys = rest.get(3..4).unwrap_or_default();
        let mut i = 6;
        while i < args.len() {
            if args.is(i, "copy") {
                copy = true;
            } else if args.is(i, "replace") {
                replace = true;
            } else if args.is(i, "auth") {
                i += 1;
                password = Some(rest.get(i..i + 1).ok_or(Error::Syntax)?);
            } else if args.is(i, "auth2") {
                user = Some(rest.get(i + 1..i + 3).ok_or(Error::Syntax)?);
                i += 2;
            } else if args.is(i, "keys") {
                if !args.get(3).is_empty() {
                    return Err(Error::Plain(
                        "When using MIGRATE KEYS option, the key argument must be set to the empty string",
                    ));
                }
                keys = args.rest(i + 1);
                break;
            } else {
                return Err(Error::Syntax);
            }
            i += 1;
        }
        let timeout_ms = u64::try_from(args.int(5)?).ok().filter(|ms| *ms > 0).unwrap_or(DEFAULT_MS);
        let auth = user.or(password).unwrap_or_default();
        let db = args.int(4)?;
        Ok(Order { host: args.get(1), port: args.get(2), db, timeout_ms, copy, replace, auth, keys })
    }

    /// What the connection is kept as.
    fn link_name(&self) -> Vec<u8> {
        [self.host, self.port].join(&b':')
    }
}

fn migrate(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let order = Order::parse(args)?;
    let mut keys = keys_here(engine, id);
    let found: Vec<&[u8]> = order.keys.iter().copied().filter(|key| keys.read(*key).is_some()).collect();
    if found.is_empty() {
        engine.reply(id).simple("NOKEY");
        return done();
    }
    let first = attempt(engine, id, &order, &found);
    // A kept connection may well have been closed by the other side: then a new one does.
    let result = match first {
        Err(failure) if failure.may_retry => attempt(engine, id, &order, &found),
        first => first,
    };
    let now = engine.host.halt(0);
    engine.go_on_at(now);
    result.map_err(|failure| failure.error)?;
    engine.reply(id).ok();
    done()
}

fn keys_here(engine: &mut Engine, id: ClientId) -> Keys<'_> {
    let session = &engine.clients[id].session;
    let mut keys = Keys::new(&mut engine.keyspace, session.db);
    keys.no_touch = session.no_touch;
    keys
}

struct Failure {
    error: Error,
    /// Nothing was done there as far as we know, and it was no timeout.
    may_retry: bool,
}

impl Failure {
    fn lost(error: Error, why: LinkError) -> Self {
        Failure { error, may_retry: why != LinkError::TimedOut }
    }

    fn last(error: Error) -> Self {
        Failure { error, may_retry: false }
    }
}

fn attempt(engine: &mut Engine, id: ClientId, order: &Order<'_>, found: &[&[u8]]) -> Result<(), Failure> {
    let name = order.link_name();
    let Kept { mut link, db } = match engine.links.take(&name) {
        Some(kept) => kept,
        None => Kept { link: dial(engine, order)?, db: None },
    };
    let select = db != Some(order.db);
    let (request, sent) = request(engine, id, order, found, select);
    link.send(&request, order.timeout_ms).map_err(|why| Failure::lost(CANNOT_WRITE, why))?;
    drop(request);
    let answers = Answers::read(&mut *link, order, select, &sent)?;
    if !order.copy {
        delete(engine, id, &answers.acknowledged);
    }
    if answers.lost.is_none() {
        let db = answers.refusal.is_none().then_some(order.db);
        let now_us = engine.clock.monotonic_us;
        engine.links.keep(name, Kept { link, db }, now_us);
    }
    match answers {
        Answers { refusal: Some(text), .. } => {
            let text = format!("Target instance replied with error: {}", String::from_utf8_lossy(&text));
            Err(Failure::last(Error::text(text)))
        }
        Answers { lost: Some(why), acknowledged, .. } if acknowledged.is_empty() => {
            Err(Failure::lost(CANNOT_READ, why))
        }
        Answers { lost: Some(_), .. } => Err(Failure::last(CANNOT_READ)),
        _ => Ok(()),
    }
}

fn dial(engine: &mut Engine, order: &Order<'_>) -> Result<Box<dyn Link>, Failure> {
    // What is no port is one at which nobody listens.
    let port = std::str::from_utf8(order.port).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let dialled = engine.host.dial(order.host, port, order.timeout_ms);
    dialled.map_err(|why| match why {
        // COMPAT: that nobody listens is told as if it were noticed when writing.
        LinkError::Refused => Failure::last(CANNOT_WRITE),
        _ => Failure::last(CANNOT_CONNECT),
    })
}

/// What is sent, and the keys that are in it: one whose time came meanwhile is not.
fn request<'k>(
    engine: &mut Engine,
    id: ClientId,
    order: &Order<'_>,
    found: &[&'k [u8]],
    select: bool,
) -> (Vec<u8>, Vec<&'k [u8]>) {
    let (version, compress) = (snapshot::rdb_version(&engine.config), engine.config.rdbcompression);
    let restore: &[u8] = if engine.config.cluster_enabled { b"RESTORE-ASKING" } else { b"RESTORE" };
    let keys = keys_here(engine, id);
    let now_ms = keys.now_ms();
    let (mut out, mut sent) = (Vec::new(), Vec::with_capacity(found.len()));
    if !order.auth.is_empty() {
        let words = std::iter::once(&b"AUTH"[..]).chain(order.auth.iter().copied());
        encode_command(&mut out, order.auth.len() + 1, words);
    }
    if select {
        encode_command(&mut out, 2, [&b"SELECT"[..], order.db.to_string().as_bytes()].into_iter());
    }
    for key in found {
        let Some(view) = keys.peek(*key) else { continue };
        // Zero would mean that it stays for ever.
        let ttl = view.expiry().map_or(0, |ms| (ms - now_ms).max(1));
        let payload = rdb::dump(view, version, compress);
        let ttl = ttl.to_string();
        let words = [restore, key, ttl.as_bytes(), &payload, b"REPLACE"];
        let count = if order.replace { 5 } else { 4 };
        encode_command(&mut out, count, words.into_iter().take(count));
        sent.push(*key);
    }
    (out, sent)
}

/// What came back.
struct Answers<'k> {
    acknowledged: Vec<&'k [u8]>,
    /// The first error.
    refusal: Option<Vec<u8>>,
    /// The connection ended before the last answer.
    lost: Option<LinkError>,
}

impl<'k> Answers<'k> {
    fn read(
        link: &mut dyn Link,
        order: &Order<'_>,
        select: bool,
        sent: &[&'k [u8]],
    ) -> Result<Self, Failure> {
        let mut refused_before = None;
        for _ in 0..usize::from(!order.auth.is_empty()) + usize::from(select) {
            let line = link.read_line(order.timeout_ms);
            let line = line.map_err(|why| Failure::lost(CANNOT_READ, why))?;
            refused_before = refused_before.or(refusal_in(line));
        }
        let mut answers = Answers { acknowledged: Vec::new(), refusal: None, lost: None };
        for key in sent {
            let line = match link.read_line(order.timeout_ms) {
                Ok(line) => line,
                Err(why) => {
                    answers.lost = Some(why);
                    break;
                }
            };
            // Restored in another database, or by a stranger: that counts for nothing.
            match refused_before.clone().or(refusal_in(line)) {
                None => answers.acknowledged.push(*key),
                Some(text) => {
                    answers.refusal.get_or_insert(text);
                }
            }
        }
        Ok(answers)
    }
}

/// The text of an error reply.
fn refusal_in(line: Vec<u8>) -> Option<Vec<u8>> {
    line.strip_prefix(b"-").map(<[u8]>::to_vec)
}

/// Deletes what the other side has now. In the log this stands instead of the command.
fn delete(engine: &mut Engine, id: ClientId, acknowledged: &[&[u8]]) {
    let mut keys = keys_here(engine, id);
    let mut command: Vec<&[u8]> = vec![b"DEL"];
    for key in acknowledged {
        if keys.delete(*key) {
            keys.notify(EventClass::GENERIC, "del", key);
            keys.dirty(1);
            command.push(key);
        }
    }
    if command.len() > 1 {
        keys.log_instead(&command);
    }
}
