//! DUMP, RESTORE.

use crate::engine::{
    Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done, snapshot,
};
use crate::keyspace::{EventClass, Object, PastUse};
use crate::persist::rdb;

const RESTORING: &str = "O(1) to make the key, and O(N*M) to read N elements of M bytes: O(1)+O(1*M), so O(1), for a \
                         short string, and O(N*M*log(N)) for a sorted set, whose members take O(log(N)) each.";

pub static DUMP: Spec = Spec::read("dump", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::KEYSPACE)
    .since("2.6.0")
    .complexity(
        "O(1) to find the key, and O(N*M) to write N elements of M bytes: O(1)+O(1*M), so O(1), for a short string.",
    )
    .summary("Returns the value at a key in the form of data files.")
    .syntax("key")
    .tips(&["nondeterministic_output"])
    .run(dump);

fn dump(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let config = ctx.env.config;
    let Some(view) = ctx.keys.read(args.key(1)) else {
        ctx.reply.null();
        return done();
    };
    let payload = rdb::dump(view, snapshot::rdb_version(config), config.rdbcompression);
    ctx.reply.bulk(&payload);
    done()
}

const RESTORED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE))];
const SYNTAX: &str =
    "key ttl:integer serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency:integer]";
const HISTORY: &[(&str, &str)] = &[
    ("3.0.0", "Added the `REPLACE` modifier."),
    ("5.0.0", "Added the `ABSTTL` modifier."),
    ("5.0.0", "Added the `IDLETIME` and `FREQ` options."),
];

pub static RESTORE: Spec = Spec::write("restore", -4)
    .keys(RESTORED)
    .flags(Flags::DENYOOM)
    .acl(Acl::KEYSPACE.with(Acl::DANGEROUS))
    .since("2.6.0")
    .complexity(RESTORING)
    .summary("Makes a key of what DUMP returned.")
    .syntax(SYNTAX)
    .history(HISTORY)
    .run(restore);

pub static RESTORE_ASKING: Spec = Spec::write("restore-asking", -4)
    .keys(RESTORED)
    .flags(Flags::DENYOOM.with(Flags::ASKING))
    .acl(Acl::KEYSPACE.with(Acl::DANGEROUS))
    .group(Group::Server)
    .since("3.0.0")
    .complexity(RESTORING)
    .summary("RESTORE into a slot that is being moved: cluster nodes say it to one another.")
    .syntax(SYNTAX)
    .history(HISTORY)
    .system()
    .run(restore);

#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    past: Option<PastUse>,
}

impl Options {
    fn parse(args: &Args<'_>) -> Result<Self, Error> {
        let mut options = Options::default();
        let mut i = 4;
        while i < args.len() {
            let more = i + 1 < args.len();
            if args.is(i, "replace") {
                options.replace = true;
            } else if args.is(i, "absttl") {
                options.absolute = true;
            } else if args.is(i, "idletime") && more && !matches!(options.past, Some(PastUse::Counter(_))) {
                i += 1;
                let seconds = u64::try_from(args.int(i)?);
                let seconds = seconds.map_err(|_| Error::Plain("Invalid IDLETIME value, must be >= 0"))?;
                options.past = Some(PastUse::IdleSeconds(seconds));
            } else if args.is(i, "freq") && more && !matches!(options.past, Some(PastUse::IdleSeconds(_))) {
                i += 1;
                let counter = u8::try_from(args.int(i)?);
                let counter =
                    counter.map_err(|_| Error::Plain("Invalid FREQ value, must be >= 0 and <= 255"))?;
                options.past = Some(PastUse::Counter(counter));
            } else {
                return Err(Error::Syntax);
            }
            i += 1;
        }
        Ok(options)
    }
}

fn restore(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let options = Options::parse(args)?;
    let key = args.key(1);
    if !options.replace && ctx.keys.exists(key) {
        return Err(Error::BusyKey);
    }
    let ttl = args.int(2)?;
    if ttl < 0 {
        return Err(Error::Plain("Invalid TTL value, must be >= 0"));
    }
    let object = read_payload(ctx, args)?;
    let replaced = options.replace && ctx.keys.make_way(key);
    let expiry = match (ttl, options.absolute) {
        (0, _) => None,
        (ttl, true) => Some(ttl),
        (ttl, false) => Some(ttl.saturating_add(ctx.env.now_ms)),
    };
    if expiry.is_some_and(|ms| ctx.keys.is_past(ms)) {
        if replaced {
            note_replaced(ctx, args);
        }
    } else {
        ctx.keys.restore(key, object, expiry, options.past);
        ctx.keys.notify(EventClass::GENERIC, "restore", key.bytes);
        if let Some(ms) = expiry.filter(|_| !options.absolute) {
            log_absolute(ctx, args, ms);
        }
        ctx.keys.dirty(1);
    }
    ctx.reply.ok();
    done()
}

fn read_payload(ctx: &Ctx<'_>, args: &Args<'_>) -> Result<Object, Error> {
    let config = ctx.env.config;
    let options = rdb::RestoreOptions {
        limits: snapshot::value_limits(config, ctx.keys.space.hasher(), true),
        relaxed_version: snapshot::is_relaxed(config),
        skip_checksum: ctx.env.skip_checksum,
    };
    rdb::restore(args.get(3), &options).map_err(|error| match error {
        rdb::PayloadError::Envelope => Error::Plain("DUMP payload version or checksum are wrong"),
        error => {
            tracing::debug!("{error}");
            Error::Plain("Bad data format")
        }
    })
}

/// A key that was there is gone, and nothing took its place: the time of the new one was over.
fn note_replaced(ctx: &mut Ctx<'_>, args: &Args<'_>) {
    let key = args.get(1);
    let command: &[u8] = if ctx.env.config.lazyfree_lazy_server_del { b"UNLINK" } else { b"DEL" };
    ctx.keys.log_instead(&[command, key]);
    ctx.keys.touch(key);
    ctx.keys.notify(EventClass::GENERIC, "del", key);
    ctx.keys.dirty(1);
}

/// The log gets the absolute time.
fn log_absolute(ctx: &mut Ctx<'_>, args: &Args<'_>, ms: i64) {
    let mut digits = itoa::Buffer::new();
    let mut command: Vec<&[u8]> = args.rest(0).to_vec();
    command[2] = digits.format(ms).as_bytes();
    command.push(b"ABSTTL");
    ctx.keys.log_instead(&command);
}
