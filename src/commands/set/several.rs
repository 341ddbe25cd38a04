//! What the commands on several sets share: how they are declared, looking the sets up, and telling or storing what
//! comes of them. Does not know the operations.

use crate::engine::{Acl, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec};
use crate::keyspace::{EventClass, Key, Keys};
use crate::resp::reply::Reply;
use crate::types::packed::Value;
use crate::types::set::{Set, SetRef};
use smallvec::SmallVec;

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const SOURCES: &[KeySpec] = &[KeySpec::range(1, -1, 1, READ)];
const STORE: &[KeySpec] =
    &[KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)), KeySpec::range(2, -1, 1, READ)];

/// A command that answers with what comes of several sets.
pub const fn read_spec(name: &'static str) -> Spec {
    Spec::read(name, -2)
        .keys(SOURCES)
        .acl(Acl::SET)
        .group(Group::Set)
        .syntax("key [key ...]")
        .tips(&["nondeterministic_output_order"])
}

/// Its STORE form.
pub const fn store_spec(name: &'static str) -> Spec {
    Spec::write(name, -3)
        .keys(STORE)
        .flags(Flags::DENYOOM)
        .acl(Acl::SET)
        .group(Group::Set)
        .syntax("destination key [key ...]")
}

/// The sets at several keys; `None` where no key is.
pub type Sets<'a> = SmallVec<[Option<SetRef<'a>>; 8]>;

/// The keys of a command on several sets, each hashed once.
pub struct Sources<'k>(SmallVec<[Key<'k>; 8]>);

impl<'k> Sources<'k> {
    /// Looks at all keys as a reading command does, and checks their types.
    pub fn read(ctx: &mut Ctx<'_>, keys: &[&'k [u8]]) -> Result<Self, Error> {
        let mut sources = Sources(SmallVec::with_capacity(keys.len()));
        for key in keys {
            let key = Key::with_hash(key, ctx.keys.space.hasher.hash(key));
            ctx.keys.read_as::<Set>(key)?;
            sources.0.push(key);
        }
        Ok(sources)
    }

    /// Borrows all the sets at once.
    pub fn sets<'a>(&self, keys: &'a Keys<'_>) -> Result<Sets<'a>, Error> {
        self.0.iter().map(|key| Ok(keys.peek_as::<Set>(*key)?)).collect()
    }
}

/// The members of a reply while they are told.
pub struct Told<'r, 'b> {
    reply: &'r mut Reply<'b>,
    count: usize,
}

impl Told<'_, '_> {
    #[inline]
    pub fn member(&mut self, member: Value<'_>) {
        self.reply.bulk_value(member);
        self.count += 1;
    }
}

/// Answers with the set of the members that `tell` tells.
pub fn answer(reply: &mut Reply<'_>, tell: impl FnOnce(&mut Told<'_, '_>)) {
    let at = reply.defer();
    let mut told = Told { reply, count: 0 };
    tell(&mut told);
    let count = told.count;
    reply.set_deferred_set(at, count);
}

/// Puts the outcome of a STORE form at its destination, in place of whatever that held, and answers with its size.
pub fn store(ctx: &mut Ctx<'_>, destination: &[u8], outcome: Set, event: &'static str) {
    let len = outcome.len();
    ctx.keys.store(destination, outcome, 1, EventClass::SET, event);
    ctx.reply.int(len as i64);
}
