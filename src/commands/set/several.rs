//! What the commands on several sets share: looking the sets up, and storing an outcome.

use crate::engine::{Ctx, Error};
use crate::keyspace::{EventClass, Key, Keys};
use crate::types::set::{Set, SetRef};
use smallvec::SmallVec;

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

/// Puts the outcome of a STORE form at its destination, in place of whatever that held, and answers with its size.
pub fn store(ctx: &mut Ctx<'_>, destination: &[u8], outcome: Set, event: &'static str) {
    let len = outcome.len();
    ctx.keys.store(destination, outcome, 1, EventClass::SET, event);
    ctx.reply.int(len as i64);
}
