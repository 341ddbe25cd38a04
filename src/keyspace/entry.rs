//! One key with its value: a single allocation of the slab. Owns the byte layout, knows no command, no table and no
//! clock.
//!
//! ```text
//! header u32 | expiry i64 (if set) | key length varint | value length varint (inline only) | key | value
//! ```
//! The value is an immediate integer (3 or 8 bytes), bytes inline (strings and packed collections while the entry stays
//! within [`INLINE_MAX`]) or a pointer to a boxed [`Object`].

use super::value::{Kind, Object};
use crate::ids::UnixMs;
use crate::table::Word;
use crate::table::slab::Slab;
use std::ptr::NonNull;

/// The largest entry that keeps its value inline, in bytes: the slab's largest class.
pub const INLINE_MAX: usize = 1024;

const KIND_MASK: u32 = 0b111;
const STORAGE_SHIFT: u32 = 3;
const STORAGE_MASK: u32 = 0b11 << STORAGE_SHIFT;
const HAS_EXPIRY: u32 = 1 << 5;
const GENERATION: u32 = 1 << 6;
const VARIANT: u32 = 1 << 7;
const ACCESS_SHIFT: u32 = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Storage {
    Int = 0,
    Inline = 1,
    Heap = 2,
    /// An integer of 24 bits, as counters mostly are: with a key of 16 bytes it saves a size class.
    Short = 3,
}

const SHORT_BYTES: usize = 3;

#[inline]
fn short_bytes(n: i64) -> [u8; SHORT_BYTES] {
    let [a, b, c, ..] = n.to_le_bytes();
    [a, b, c]
}

#[inline]
fn from_short([a, b, c]: [u8; SHORT_BYTES]) -> i64 {
    // The sign comes down from the top.
    i64::from(i32::from_le_bytes([0, a, b, c]) >> 8)
}

#[inline]
fn is_short(n: i64) -> bool {
    (-(1 << 23)..1 << 23).contains(&n)
}

/// What an entry is built from.
#[derive(Debug)]
pub enum NewValue<'v> {
    Int(i64),
    /// Bytes to be copied into the entry; `variant` is the type's own distinction (see [`View::variant`]).
    Inline(&'v [u8], bool),
    Heap(Box<Object>),
}

/// The value as it lies in an entry.
#[derive(Clone, Copy)]
pub enum Stored<'a> {
    Int(i64),
    Inline(&'a [u8]),
    Heap(&'a Object),
}

/// A key's header fields that survive an overwrite of its value.
#[derive(Clone, Copy, Default, Debug)]
pub struct Meta {
    pub expiry: Option<UnixMs>,
    /// The generation of this key's record in the expiry index.
    pub generation: bool,
    /// 24 bits of LRU clock or LFU counter.
    pub access: u32,
}

/// A pointer to an entry. Whoever holds one guarantees that the entry lives: it is private to the keyspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryRef(NonNull<u8>);

/// An entry borrowed from the keyspace for reading.
#[derive(Clone, Copy)]
pub struct View<'a> {
    entry: EntryRef,
    life: std::marker::PhantomData<&'a [u8]>,
}

/// The earlier of two times, where there may be none.
pub(super) fn earlier(a: Option<UnixMs>, b: Option<UnixMs>) -> Option<UnixMs> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl NewValue<'_> {
    /// When a part of it goes.
    pub(super) fn part_due(&self) -> Option<UnixMs> {
        match self {
            NewValue::Heap(object) => object.next_due(),
            _ => None,
        }
    }
}

/// Where the parts of an entry lie.
struct Layout {
    key: usize,
    key_len: usize,
    value: usize,
    value_len: usize,
}

fn varint_len(n: usize) -> usize {
    if n < 0x80 {
        1
    } else if n < 0x4000 {
        2
    } else if n < 0x20_0000 {
        3
    } else {
        5
    }
}

/// Writes `n` (below 2^32) at `p` and returns its length. The first byte tells the length: 0xxxxxxx, 10xxxxxx,
/// 110xxxxx, 0xe0.
unsafe fn put_varint(p: *mut u8, n: usize) -> usize {
    let len = varint_len(n);
    // SAFETY: the caller reserved varint_len(n) bytes at p.
    unsafe {
        match len {
            1 => *p = n as u8,
            2 => {
                *p = 0x80 | (n >> 8) as u8;
                *p.add(1) = n as u8;
            }
            3 => {
                *p = 0xc0 | (n >> 16) as u8;
                *p.add(1) = (n >> 8) as u8;
                *p.add(2) = n as u8;
            }
            _ => {
                *p = 0xe0;
                p.add(1).cast::<u32>().write_unaligned(n as u32);
            }
        }
    }
    len
}

/// Reads a length written by [`put_varint`]: (value, bytes).
#[inline]
unsafe fn get_varint(p: *const u8) -> (usize, usize) {
    // SAFETY: the caller points at a complete varint.
    unsafe {
        let b = *p as usize;
        if b < 0x80 {
            (b, 1)
        } else if b < 0xc0 {
            (((b & 0x3f) << 8) | *p.add(1) as usize, 2)
        } else if b < 0xe0 {
            (((b & 0x1f) << 16) | ((*p.add(1) as usize) << 8) | *p.add(2) as usize, 3)
        } else {
            (p.add(1).cast::<u32>().read_unaligned() as usize, 5)
        }
    }
}

/// Bytes an entry of these parts takes.
pub fn entry_size(key_len: usize, expiry: bool, value: &NewValue<'_>) -> usize {
    let value_bytes = match value {
        NewValue::Int(n) if is_short(*n) => SHORT_BYTES,
        NewValue::Int(_) | NewValue::Heap(_) => 8,
        NewValue::Inline(bytes, _) => varint_len(bytes.len()) + bytes.len(),
    };
    4 + if expiry { 8 } else { 0 } + varint_len(key_len) + key_len + value_bytes
}

impl EntryRef {
    /// Builds an entry.
    pub fn new(slab: &mut Slab, key: &[u8], kind: Kind, value: NewValue<'_>, meta: Meta) -> Self {
        let size = entry_size(key.len(), meta.expiry.is_some(), &value);
        let p = slab.alloc(size).as_ptr();
        let (storage, variant) = match &value {
            NewValue::Int(n) if is_short(*n) => (Storage::Short, false),
            NewValue::Int(_) => (Storage::Int, false),
            NewValue::Inline(_, variant) => (Storage::Inline, *variant),
            NewValue::Heap(_) => (Storage::Heap, false),
        };
        let mut header = kind as u32 | (storage as u32) << STORAGE_SHIFT | meta.access << ACCESS_SHIFT;
        if meta.expiry.is_some() {
            header |= HAS_EXPIRY;
        }
        if meta.generation {
            header |= GENERATION;
        }
        if variant {
            header |= VARIANT;
        }
        // SAFETY: p has `size` bytes, and the writes below add up to entry_size of the same parts.
        unsafe {
            p.cast::<u32>().write_unaligned(header);
            let mut at = 4;
            if let Some(ms) = meta.expiry {
                p.add(at).cast::<i64>().write_unaligned(ms);
                at += 8;
            }
            at += put_varint(p.add(at), key.len());
            if let NewValue::Inline(bytes, _) = &value {
                at += put_varint(p.add(at), bytes.len());
            }
            std::ptr::copy_nonoverlapping(key.as_ptr(), p.add(at), key.len());
            at += key.len();
            match value {
                NewValue::Int(n) if is_short(n) => {
                    p.add(at).cast::<[u8; SHORT_BYTES]>().write(short_bytes(n))
                }
                NewValue::Int(n) => p.add(at).cast::<i64>().write_unaligned(n),
                NewValue::Inline(bytes, _) => {
                    std::ptr::copy_nonoverlapping(bytes.as_ptr(), p.add(at), bytes.len());
                }
                NewValue::Heap(object) => {
                    p.add(at).cast::<*mut Object>().write_unaligned(Box::into_raw(object));
                }
            }
            EntryRef(NonNull::new_unchecked(p))
        }
    }

    /// The table's word for this entry.
    pub fn to_word(self) -> Word {
        Word::new(self.0.as_ptr() as u64).expect("addresses of a process take 47 bits")
    }

    /// The entry of a word that [`EntryRef::to_word`] made. The keyspace keeps words in its dictionaries only, and
    /// takes one out before it frees the entry.
    #[inline]
    pub(super) fn from_word(word: Word) -> Self {
        // SAFETY: words of living entries are never null.
        unsafe { EntryRef(NonNull::new_unchecked(word.get() as *mut u8)) }
    }

    #[inline]
    fn header(self) -> u32 {
        // SAFETY: every living entry starts with its header.
        unsafe { self.0.as_ptr().cast::<u32>().read_unaligned() }
    }

    #[inline]
    fn set_header(self, header: u32) {
        // SAFETY: as in `header`; the keyspace is single-threaded.
        unsafe { self.0.as_ptr().cast::<u32>().write_unaligned(header) }
    }

    #[inline]
    fn storage(self) -> Storage {
        match (self.header() & STORAGE_MASK) >> STORAGE_SHIFT {
            0 => Storage::Int,
            1 => Storage::Inline,
            2 => Storage::Heap,
            _ => Storage::Short,
        }
    }

    #[inline]
    fn layout(self) -> Layout {
        let header = self.header();
        let mut at = if header & HAS_EXPIRY != 0 { 12 } else { 4 };
        // SAFETY: the offsets follow the layout that `new` wrote.
        unsafe {
            let p = self.0.as_ptr();
            let (key_len, n) = get_varint(p.add(at));
            at += n;
            let mut value_len = 8;
            let storage = (header & STORAGE_MASK) >> STORAGE_SHIFT;
            if storage == Storage::Inline as u32 {
                let (len, n) = get_varint(p.add(at));
                value_len = len;
                at += n;
            } else if storage == Storage::Short as u32 {
                value_len = SHORT_BYTES;
            }
            Layout { key: at, key_len, value: at + key_len, value_len }
        }
    }

    /// Bytes of the allocation, as it was asked of the slab.
    pub fn size(self) -> usize {
        let l = self.layout();
        l.value + l.value_len
    }

    #[inline]
    pub fn key<'a>(self) -> &'a [u8] {
        let l = self.layout();
        // SAFETY: the key lies within the allocation; the keyspace limits how long the borrow is given out.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().add(l.key), l.key_len) }
    }

    /// Borrows the entry for reading. The keyspace, the only one to hold entry references, gives views out for no
    /// longer than it is itself borrowed.
    #[inline]
    pub(super) fn view<'a>(self) -> View<'a> {
        View { entry: self, life: std::marker::PhantomData }
    }

    #[inline]
    pub fn kind(self) -> Kind {
        Kind::from_bits(self.header() & KIND_MASK)
    }

    #[inline]
    pub fn expiry(self) -> Option<UnixMs> {
        if self.header() & HAS_EXPIRY == 0 {
            return None;
        }
        // SAFETY: HAS_EXPIRY says that 8 bytes of time follow the header.
        Some(unsafe { self.0.as_ptr().add(4).cast::<i64>().read_unaligned() })
    }

    /// When a part of the value goes before the key does: a field of a hash.
    #[inline]
    pub fn part_due(self) -> Option<UnixMs> {
        // Of strings, which are most entries, the header tells enough.
        match self.storage() {
            Storage::Heap => match self.view().stored() {
                Stored::Heap(object) => object.next_due(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The first time at which something of this key goes, the key or a part of its value.
    pub fn deadline(self) -> Option<UnixMs> {
        earlier(self.expiry(), self.part_due())
    }

    /// Changes the time of an entry that has one already; says whether it had.
    pub fn replace_expiry(self, ms: UnixMs) -> bool {
        if self.header() & HAS_EXPIRY == 0 {
            return false;
        }
        // SAFETY: as in `expiry`.
        unsafe { self.0.as_ptr().add(4).cast::<i64>().write_unaligned(ms) };
        true
    }

    pub fn generation(self) -> bool {
        self.header() & GENERATION != 0
    }

    pub fn set_generation(self, generation: bool) {
        let header = self.header();
        self.set_header(if generation { header | GENERATION } else { header & !GENERATION });
    }

    #[inline]
    pub fn access(self) -> u32 {
        self.header() >> ACCESS_SHIFT
    }

    /// Stores 24 bits of LRU clock or LFU counter; writes only when they differ, so that a page shared with a
    /// snapshot's child is not copied for nothing.
    #[inline]
    pub fn set_access(self, access: u32) {
        let header = self.header();
        if header >> ACCESS_SHIFT != access {
            self.set_header((header & 0xff) | access << ACCESS_SHIFT);
        }
    }

    pub fn meta(self) -> Meta {
        Meta { expiry: self.expiry(), generation: self.generation(), access: self.access() }
    }

    /// Overwrites an immediate integer in place; says whether the value was one that has room for it.
    #[inline]
    pub fn replace_int(self, n: i64) -> bool {
        let storage = self.storage();
        let l = self.layout();
        // SAFETY: an Int entry has 8 bytes of value, a Short one has SHORT_BYTES.
        unsafe {
            let value = self.0.as_ptr().add(l.value);
            match storage {
                Storage::Int => value.cast::<i64>().write_unaligned(n),
                Storage::Short if is_short(n) => value.cast::<[u8; SHORT_BYTES]>().write(short_bytes(n)),
                _ => return false,
            }
        }
        true
    }

    /// Overwrites the inline value in place when the new one takes the same slab class and the rest of the header
    /// stays; says whether it did.
    pub fn replace_inline(self, kind: Kind, bytes: &[u8], variant: bool) -> bool {
        let header = self.header();
        if self.storage() != Storage::Inline {
            return false;
        }
        let l = self.layout();
        let same_head = varint_len(l.value_len) == varint_len(bytes.len());
        if !same_head || Slab::usable(l.value + l.value_len) != Slab::usable(l.value + bytes.len()) {
            return false;
        }
        let mut new = header & !(KIND_MASK | VARIANT) | kind as u32;
        if variant {
            new |= VARIANT;
        }
        // SAFETY: the allocation's class holds the new length, and the length prefix keeps its width.
        unsafe {
            let p = self.0.as_ptr();
            put_varint(p.add(l.key - varint_len(bytes.len())), bytes.len());
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), p.add(l.value), bytes.len());
        }
        if new != header {
            self.set_header(new);
        }
        true
    }

    /// The boxed object, to be changed in place. As with [`EntryRef::view`], the keyspace gives it out for no longer
    /// than it is itself borrowed, here exclusively.
    pub(super) fn object_mut<'a>(self) -> Option<&'a mut Object> {
        if self.storage() != Storage::Heap {
            return None;
        }
        let l = self.layout();
        // SAFETY: a Heap entry holds a pointer that Box::into_raw made; exclusivity is the caller's.
        unsafe { Some(&mut *self.0.as_ptr().add(l.value).cast::<*mut Object>().read_unaligned()) }
    }

    /// Frees the allocation and gives back the boxed object, if there is one, so that the caller decides where it is
    /// freed.
    pub fn free(self, slab: &mut Slab) -> Option<Box<Object>> {
        let object = match self.storage() {
            Storage::Heap => {
                let l = self.layout();
                // SAFETY: the pointer came from Box::into_raw, and this entry, its only owner, ends here.
                Some(unsafe {
                    Box::from_raw(self.0.as_ptr().add(l.value).cast::<*mut Object>().read_unaligned())
                })
            }
            _ => None,
        };
        let size = self.size();
        // SAFETY: `size` is what `new` asked for (replace_inline keeps the class), and nobody refers to the entry.
        unsafe { slab.free(self.0, size) };
        object
    }

    /// Builds the same key and value with other header fields, and frees this entry. The boxed object moves.
    pub fn rebuild(self, slab: &mut Slab, key: &[u8], meta: Meta) -> Self {
        let kind = self.kind();
        let variant = self.header() & VARIANT != 0;
        let new = match self.storage() {
            Storage::Int | Storage::Short => {
                let Stored::Int(n) = self.view().stored() else { unreachable!("the storage is an integer") };
                EntryRef::new(slab, key, kind, NewValue::Int(n), meta)
            }
            Storage::Inline => {
                // The entry lives until `free` below, and a new allocation does not move it.
                let Stored::Inline(bytes) = self.view().stored() else { unreachable!("storage is Inline") };
                EntryRef::new(slab, key, kind, NewValue::Inline(bytes, variant), meta)
            }
            Storage::Heap => {
                // The pointer is copied into the new entry; the old allocation is freed without its object.
                let object = self.free(slab).expect("a Heap entry has an object");
                return EntryRef::new(slab, key, kind, NewValue::Heap(object), meta);
            }
        };
        self.free(slab);
        new
    }
}

impl<'a> View<'a> {
    pub fn key(&self) -> &'a [u8] {
        self.entry.key()
    }

    pub fn kind(&self) -> Kind {
        self.entry.kind()
    }

    pub fn expiry(&self) -> Option<UnixMs> {
        self.entry.expiry()
    }

    pub fn access(&self) -> u32 {
        self.entry.access()
    }

    /// The type's own distinction of an inline value: a string that shows as `raw` although it is short, an intset
    /// where the set could be a listpack.
    pub fn variant(&self) -> bool {
        self.entry.header() & VARIANT != 0
    }

    /// The encoding's name, as OBJECT ENCODING tells it.
    pub fn encoding(&self) -> &'static str {
        /// The longest string that Redis keeps in one allocation with its header.
        const EMBEDDED: usize = 44;
        match (self.kind(), self.stored()) {
            (_, Stored::Int(_)) => "int",
            (Kind::String, Stored::Inline(bytes)) => {
                if bytes.len() <= EMBEDDED && !self.variant() {
                    "embstr"
                } else {
                    "raw"
                }
            }
            (Kind::Set, Stored::Inline(_)) if self.variant() => "intset",
            (_, Stored::Inline(_)) => "listpack",
            (_, Stored::Heap(object)) => object.encoding(),
        }
    }

    /// Bytes the entry takes from the slab, without a boxed object's.
    pub fn entry_bytes(&self) -> usize {
        Slab::usable(self.entry.size())
    }

    #[inline]
    pub fn stored(&self) -> Stored<'a> {
        let l = self.entry.layout();
        // SAFETY: the view's maker keeps the entry alive and unchanged for 'a; each storage has the bytes read here.
        unsafe {
            let p = self.entry.0.as_ptr().add(l.value);
            match self.entry.storage() {
                Storage::Int => Stored::Int(p.cast::<i64>().read_unaligned()),
                Storage::Short => Stored::Int(from_short(p.cast::<[u8; SHORT_BYTES]>().read())),
                Storage::Inline => Stored::Inline(std::slice::from_raw_parts(p, l.value_len)),
                Storage::Heap => Stored::Heap(&*p.cast::<*const Object>().read_unaligned()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BORDER: i64 = 1 << 23;

    fn int_of(entry: EntryRef) -> Option<i64> {
        if let Stored::Int(n) = entry.view().stored() { Some(n) } else { None }
    }

    #[test]
    fn integers_of_both_widths_keep_their_value() {
        let mut slab = Slab::new();
        for n in [0, 1, -1, BORDER - 1, BORDER, -BORDER, -BORDER - 1, i64::MAX, i64::MIN] {
            let entry = EntryRef::new(&mut slab, b"counter", Kind::String, NewValue::Int(n), Meta::default());
            assert_eq!((int_of(entry), entry.key()), (Some(n), &b"counter"[..]));
            assert_eq!(entry.size(), entry_size(7, false, &NewValue::Int(n)));
            entry.free(&mut slab);
        }
    }

    #[test]
    fn a_short_integer_takes_only_short_ones_in_place() {
        let mut slab = Slab::new();
        let entry = EntryRef::new(&mut slab, b"k", Kind::String, NewValue::Int(7), Meta::default());
        assert!(entry.replace_int(-BORDER) && !entry.replace_int(BORDER));
        assert_eq!(int_of(entry), Some(-BORDER));
        entry.free(&mut slab);
        let entry = EntryRef::new(&mut slab, b"k", Kind::String, NewValue::Int(BORDER), Meta::default());
        assert!(entry.replace_int(3) && entry.replace_int(i64::MIN));
        assert_eq!(int_of(entry), Some(i64::MIN));
        entry.free(&mut slab);
    }
}
