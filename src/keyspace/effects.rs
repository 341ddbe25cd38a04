//! What a change causes: the one seam through which dirty counts, propagation, keyspace events and touched keys leave
//! the keyspace. The engine drains it once per unit, in a fixed order.

use crate::ids::DbIndex;

/// Classes of keyspace events, with the bits of `notify-keyspace-events`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EventClass(pub u32);

impl EventClass {
    pub const KEYSPACE: Self = EventClass(1 << 0);
    pub const KEYEVENT: Self = EventClass(1 << 1);
    pub const GENERIC: Self = EventClass(1 << 2);
    pub const STRING: Self = EventClass(1 << 3);
    pub const LIST: Self = EventClass(1 << 4);
    pub const SET: Self = EventClass(1 << 5);
    pub const HASH: Self = EventClass(1 << 6);
    pub const ZSET: Self = EventClass(1 << 7);
    pub const EXPIRED: Self = EventClass(1 << 8);
    pub const EVICTED: Self = EventClass(1 << 9);
    pub const STREAM: Self = EventClass(1 << 10);
    pub const KEY_MISS: Self = EventClass(1 << 11);
    pub const MODULE: Self = EventClass(1 << 13);
    pub const NEW: Self = EventClass(1 << 14);
}

/// A keyspace event waiting to be published. Its key is a range of [`Effects::bytes`].
#[derive(Clone, Copy, Debug)]
pub struct KeyEvent {
    pub db: DbIndex,
    pub class: EventClass,
    pub name: &'static str,
    key: (u32, u32),
}

/// A key that a unit changed.
#[derive(Clone, Copy, Debug)]
pub struct TouchedKey {
    pub db: DbIndex,
    key: (u32, u32),
    /// Its value changed as WATCH understands it.
    changed: bool,
}

/// What the running command's own line in the log becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Propagate {
    /// Itself, when it changed anything.
    #[default]
    Verbatim,
    /// Itself, although it changed no key (PUBLISH, SCRIPT LOAD and the like).
    Forced,
    /// What it put into the log by name instead, perhaps nothing.
    Instead,
}

/// One command for AOF and replicas, encoded as RESP in [`Effects::bytes`].
#[derive(Clone, Copy, Debug)]
pub struct LogItem {
    pub db: DbIndex,
    range: (u32, u32),
}

/// Effects of one unit, until the engine settles them.
#[derive(Default, Debug)]
pub struct Effects {
    /// Changes made, as Redis counts them towards `save` points.
    pub dirty: u64,
    pub propagate: Propagate,
    /// Somebody reads the log (AOF, replica, a test).
    pub wants_log: bool,
    /// Somebody watches, tracks or waits for keys.
    pub wants_touched: bool,
    /// A whole database was flushed or swapped: every watched or tracked key of it is touched.
    pub flushed: Vec<Option<DbIndex>>,
    /// Classes of events somebody may hear; 0 when notifications are off.
    pub wants_events: u32,
    /// A new key appeared or a key's type changed: blocked clients may go on.
    events: Vec<KeyEvent>,
    touched: Vec<TouchedKey>,
    log: Vec<LogItem>,
    bytes: Vec<u8>,
}

impl Effects {
    fn keep(&mut self, key: &[u8]) -> (u32, u32) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(key);
        (start, self.bytes.len() as u32)
    }

    /// Notes a keyspace event, if its class is asked for.
    #[inline]
    pub fn notify(&mut self, db: DbIndex, class: EventClass, name: &'static str, key: &[u8]) {
        if self.wants_events & class.0 != 0 {
            let key = self.keep(key);
            self.events.push(KeyEvent { db, class, name, key });
        }
    }

    /// Notes that a key was changed, for WATCH, tracking and blocked clients.
    #[inline]
    pub fn touch(&mut self, db: DbIndex, key: &[u8]) {
        if self.wants_touched {
            let key = self.keep(key);
            self.touched.push(TouchedKey { db, key, changed: true });
        }
    }

    /// Notes that those who are blocked on a key have to look at it again, although WATCH takes it for unchanged.
    pub fn stir(&mut self, db: DbIndex, key: &[u8]) {
        if self.wants_touched {
            let key = self.keep(key);
            self.touched.push(TouchedKey { db, key, changed: false });
        }
    }

    /// Adds a command to the log in the order of effects; the running command's own line is then left out if the
    /// handler says [`Effects::instead`].
    pub fn log(&mut self, db: DbIndex, command: &[&[u8]]) {
        if !self.wants_log {
            return;
        }
        let start = self.bytes.len() as u32;
        encode_command(&mut self.bytes, command.len(), command.iter().copied());
        self.log.push(LogItem { db, range: (start, self.bytes.len() as u32) });
    }

    /// The running command is not propagated as it came, but as `command`.
    pub fn instead(&mut self, db: DbIndex, command: &[&[u8]]) {
        self.propagate = Propagate::Instead;
        self.log(db, command);
    }

    /// The running command is not propagated at all.
    pub fn propagate_nothing(&mut self) {
        self.propagate = Propagate::Instead;
    }

    pub fn is_quiet(&self) -> bool {
        self.events.is_empty() && self.touched.is_empty() && self.log.is_empty() && self.flushed.is_empty()
    }

    pub fn events(&self) -> impl Iterator<Item = (KeyEvent, &[u8])> {
        self.events.iter().map(|e| (*e, &self.bytes[e.key.0 as usize..e.key.1 as usize]))
    }

    /// The keys that were changed.
    pub fn touched(&self) -> impl Iterator<Item = (DbIndex, &[u8])> {
        self.stirred_keys().filter(|(t, _)| t.changed).map(|(t, key)| (t.db, key))
    }

    /// How many touched keys are noted: where to go on from with [`Effects::touched_since`].
    pub fn touched_len(&self) -> usize {
        self.touched.len()
    }

    /// The keys that were changed after the first `seen` notes.
    pub fn touched_since(&self, seen: usize) -> impl Iterator<Item = &[u8]> {
        self.stirred_keys().skip(seen).filter(|(t, _)| t.changed).map(|(_, key)| key)
    }

    /// The keys that blocked clients have to look at: changed ones and stirred ones.
    pub fn stirred(&self) -> impl Iterator<Item = (DbIndex, &[u8])> {
        self.stirred_keys().map(|(t, key)| (t.db, key))
    }

    fn stirred_keys(&self) -> impl Iterator<Item = (&TouchedKey, &[u8])> {
        self.touched.iter().map(|t| (t, &self.bytes[t.key.0 as usize..t.key.1 as usize]))
    }

    pub fn log_items(&self) -> impl ExactSizeIterator<Item = (DbIndex, &[u8])> {
        self.log.iter().map(|l| (l.db, &self.bytes[l.range.0 as usize..l.range.1 as usize]))
    }

    /// Forgets everything that was drained, keeping the buffers unless they grew large.
    pub fn clear(&mut self) {
        self.dirty = 0;
        self.propagate = Propagate::Verbatim;
        self.events.clear();
        self.touched.clear();
        self.log.clear();
        self.flushed.clear();
        self.bytes.clear();
        if self.bytes.capacity() > 64 * 1024 {
            self.bytes = Vec::new();
        }
    }
}

/// Appends a command as a RESP array of bulk strings.
pub fn encode_command<'a>(out: &mut Vec<u8>, count: usize, args: impl Iterator<Item = &'a [u8]>) {
    let mut digits = itoa::Buffer::new();
    out.push(b'*');
    out.extend_from_slice(digits.format(count).as_bytes());
    out.extend_from_slice(b"\r\n");
    for arg in args {
        out.push(b'$');
        out.extend_from_slice(digits.format(arg.len()).as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}
