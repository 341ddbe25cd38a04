//! Writing one value. Packed collections are written as they lie; big ones element by element.

use super::format::{NODE_PACKED, NODE_PLAIN, Version, kind};
use super::hash::{kind_of_hash, save_hash};
use super::save_stream::save_stream;
use super::sink::Sink;
use crate::ids::UnixMs;
use crate::keyspace::{Kind, StrView, Value as _, View};
use crate::types::hash::Hash;
use crate::types::list::{List, ListRef, NodeView};
use crate::types::packed::{Value, dense};
use crate::types::set::{Set, SetRef};
use crate::types::stream::Stream;
use crate::types::zset::{Zset, ZsetRef};

/// The byte that tells the kind and form of a value.
pub fn kind_of(view: View<'_>, version: Version) -> u8 {
    match view.kind() {
        Kind::String => kind::STRING,
        Kind::List => kind::LIST_QUICKLIST_2,
        Kind::Set => match Set::view(view, UnixMs::MIN) {
            SetRef::Intset(_) => kind::SET_INTSET,
            SetRef::Packed(_) if version >= Version::V11 => kind::SET_LISTPACK,
            SetRef::Packed(_) | SetRef::Table(_) => kind::SET,
        },
        Kind::Zset => match Zset::view(view, UnixMs::MIN) {
            ZsetRef::Packed(_) => kind::ZSET_LISTPACK,
            ZsetRef::Big(_) => kind::ZSET_2,
        },
        Kind::Stream if version >= Version::V11 => kind::STREAM_3,
        Kind::Stream => kind::STREAM_2,
        Kind::Hash => kind_of_hash(Hash::view(view, UnixMs::MIN), version),
    }
}

/// Writes what follows that byte and the key.
pub fn save_value(sink: &mut Sink<'_>, view: View<'_>, version: Version) {
    match view.kind() {
        Kind::String => match view.str() {
            StrView::Int(n) => sink.value(Value::Int(n)),
            StrView::Bytes(bytes) => sink.text(bytes),
        },
        Kind::List => save_list(sink, List::view(view, UnixMs::MIN)),
        Kind::Set => save_set(sink, Set::view(view, UnixMs::MIN), version),
        Kind::Zset => save_zset(sink, Zset::view(view, UnixMs::MIN)),
        Kind::Stream => save_stream(sink, Stream::view(view, UnixMs::MIN), version),
        Kind::Hash => save_hash(sink, Hash::view(view, UnixMs::MIN), version),
    }
}

fn save_list(sink: &mut Sink<'_>, list: ListRef<'_>) {
    sink.length(list.info().map_or(1, |info| info.nodes as u64));
    list.for_each_node(|node| match node {
        NodeView::Packed(bytes) => {
            sink.length(NODE_PACKED);
            sink.text(&bytes);
        }
        NodeView::Dense(bytes) => {
            sink.length(NODE_PACKED);
            sink.text(dense::restore(bytes).bytes());
        }
        NodeView::Plain(bytes) => {
            sink.length(NODE_PLAIN);
            sink.text(&bytes);
        }
    });
}

fn save_set(sink: &mut Sink<'_>, set: SetRef<'_>, version: Version) {
    match set {
        SetRef::Intset(set) => sink.text(set.bytes()),
        SetRef::Packed(lp) if version >= Version::V11 => sink.text(lp.bytes()),
        SetRef::Packed(_) | SetRef::Table(_) => {
            sink.length(set.len() as u64);
            set.iter().for_each(|member| sink.value(member));
        }
    }
}

/// Members of big sets from the highest to the lowest, as Redis writes them: so that a skiplist is filled at its head.
fn save_zset(sink: &mut Sink<'_>, set: ZsetRef<'_>) {
    match set {
        ZsetRef::Packed(lp) => sink.text(lp.bytes()),
        ZsetRef::Big(_) => {
            sink.length(set.len() as u64);
            set.for_each_in(0, usize::MAX, true, |member, score| {
                sink.value(member);
                sink.double(score);
            });
        }
    }
}
