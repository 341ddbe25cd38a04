//! How the collection types lie in entries: packed ones as bytes while the entry has room, others as objects. Knows
//! the types' forms, none of their operations.

use super::edit::{Packed, Value};
use super::entry::{Stored, View};
use super::value::{Kind, Object};
use crate::ids::UnixMs;
use crate::types::hash::{Hash, HashRef};
use crate::types::list::{List, ListRef};
use crate::types::packed::{Intset, IntsetRef, Listpack, ListpackRef};
use crate::types::set::{Set, SetRef};
use crate::types::stream::Stream;
use crate::types::zset::{Zset, ZsetRef};

/// A listpack goes into the entry if it fits, and into an object of its type otherwise.
fn pack_listpack(lp: Listpack, room: usize, object: impl FnOnce(Listpack) -> Object) -> Packed {
    if lp.bytes().len() <= room { Packed::Bytes(lp.into_bytes(), false) } else { Packed::Object(object(lp)) }
}

impl Value for List {
    const KIND: Kind = Kind::List;
    type Ref<'a> = ListRef<'a>;

    fn view(view: View<'_>, _now_ms: UnixMs) -> ListRef<'_> {
        match view.stored() {
            Stored::Inline(bytes) => ListRef::Packed(ListpackRef::new(bytes)),
            Stored::Heap(Object::List(list)) => list.as_ref(),
            _ => unreachable!("a list is stored as a listpack or as a list"),
        }
    }

    fn unpack(bytes: Vec<u8>, _variant: bool) -> Self {
        List::Packed(Listpack::from_trusted(bytes))
    }

    fn empty_in(buffer: &mut Vec<u8>) -> Self {
        List::Packed(Listpack::empty_in(std::mem::take(buffer)))
    }

    fn pack(self, room: usize) -> Packed {
        match self {
            List::Packed(lp) => pack_listpack(lp, room, |lp| Object::List(List::Packed(lp))),
            list => Packed::Object(Object::List(list)),
        }
    }

    fn of(object: &mut Object) -> Option<&mut Self> {
        if let Object::List(list) = object { Some(list) } else { None }
    }

    fn vanishes(&self) -> bool {
        self.is_empty()
    }
}

impl Value for Set {
    const KIND: Kind = Kind::Set;
    type Ref<'a> = SetRef<'a>;

    fn view(view: View<'_>, _now_ms: UnixMs) -> SetRef<'_> {
        match view.stored() {
            Stored::Inline(bytes) if view.variant() => SetRef::Intset(IntsetRef::new(bytes)),
            Stored::Inline(bytes) => SetRef::Packed(ListpackRef::new(bytes)),
            Stored::Heap(Object::Set(set)) => set.as_ref(),
            _ => unreachable!("a set is stored as an intset, a listpack or a set"),
        }
    }

    fn unpack(bytes: Vec<u8>, variant: bool) -> Self {
        if variant {
            Set::Intset(Intset::from_trusted(bytes))
        } else {
            Set::Packed(Listpack::from_trusted(bytes))
        }
    }

    fn pack(self, room: usize) -> Packed {
        match self {
            Set::Intset(set) if set.bytes().len() <= room => Packed::Bytes(set.into_bytes(), true),
            Set::Packed(lp) => pack_listpack(lp, room, |lp| Object::Set(Set::Packed(lp))),
            set => Packed::Object(Object::Set(set)),
        }
    }

    fn of(object: &mut Object) -> Option<&mut Self> {
        if let Object::Set(set) = object { Some(set) } else { None }
    }

    fn vanishes(&self) -> bool {
        self.is_empty()
    }
}

impl Value for Zset {
    const KIND: Kind = Kind::Zset;
    type Ref<'a> = ZsetRef<'a>;

    fn view(view: View<'_>, _now_ms: UnixMs) -> ZsetRef<'_> {
        match view.stored() {
            Stored::Inline(bytes) => ZsetRef::Packed(ListpackRef::new(bytes)),
            Stored::Heap(Object::Zset(set)) => set.as_ref(),
            _ => unreachable!("a sorted set is stored as a listpack or as a sorted set"),
        }
    }

    fn unpack(bytes: Vec<u8>, _variant: bool) -> Self {
        Zset::Packed(Listpack::from_trusted(bytes))
    }

    fn empty_in(buffer: &mut Vec<u8>) -> Self {
        Zset::Packed(Listpack::empty_in(std::mem::take(buffer)))
    }

    fn pack(self, room: usize) -> Packed {
        match self {
            Zset::Packed(lp) => pack_listpack(lp, room, |lp| Object::Zset(Zset::Packed(lp))),
            set => Packed::Object(Object::Zset(set)),
        }
    }

    fn of(object: &mut Object) -> Option<&mut Self> {
        if let Object::Zset(set) = object { Some(set) } else { None }
    }

    fn vanishes(&self) -> bool {
        self.is_empty()
    }
}

impl Value for Hash {
    const KIND: Kind = Kind::Hash;
    type Ref<'a> = HashRef<'a>;

    fn view(view: View<'_>, now_ms: UnixMs) -> HashRef<'_> {
        match view.stored() {
            Stored::Inline(bytes) => HashRef::Packed(ListpackRef::new(bytes)),
            Stored::Heap(Object::Hash(hash)) => hash.at(now_ms),
            _ => unreachable!("a hash is stored as a listpack or as a hash"),
        }
    }

    fn unpack(bytes: Vec<u8>, _variant: bool) -> Self {
        Hash::Packed(Listpack::from_trusted(bytes))
    }

    fn empty_in(buffer: &mut Vec<u8>) -> Self {
        Hash::Packed(Listpack::empty_in(std::mem::take(buffer)))
    }

    fn pack(self, room: usize) -> Packed {
        match self {
            Hash::Packed(lp) => pack_listpack(lp, room, |lp| Object::Hash(Hash::Packed(lp))),
            hash => Packed::Object(Object::Hash(hash)),
        }
    }

    fn of(object: &mut Object) -> Option<&mut Self> {
        if let Object::Hash(hash) = object { Some(hash) } else { None }
    }

    fn vanishes(&self) -> bool {
        self.is_empty()
    }

    fn next_due(&self) -> Option<UnixMs> {
        Hash::next_due(self)
    }
}

/// A stream is always an object of its own, and stays when it is empty: its identifiers and groups are worth keeping.
impl Value for Stream {
    const KIND: Kind = Kind::Stream;
    type Ref<'a> = &'a Stream;

    fn view(view: View<'_>, _now_ms: UnixMs) -> &Stream {
        match view.stored() {
            Stored::Heap(Object::Stream(stream)) => stream,
            _ => unreachable!("a stream is stored as a stream"),
        }
    }

    fn unpack(_bytes: Vec<u8>, _variant: bool) -> Self {
        unreachable!("no stream lies in its entry")
    }

    fn pack(self, _room: usize) -> Packed {
        Packed::Object(Object::Stream(Box::new(self)))
    }

    fn of(object: &mut Object) -> Option<&mut Self> {
        if let Object::Stream(stream) = object { Some(stream) } else { None }
    }

    fn vanishes(&self) -> bool {
        false
    }
}
