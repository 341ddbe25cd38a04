//! Reading one value of any kind and form. What the file claims is checked before it is believed; an empty collection
//! is no value.

use super::error::{Cause, LoadError};
use super::format::{NODE_PACKED, NODE_PLAIN, is_valkeys, kind};
use super::hash::load_hash;
use super::source::{Result, Source};
use super::{module, stream, ziplist};
use crate::keyspace::{Object, Str};
use crate::types::hash::HashLimits;
use crate::types::list::{End, List, ListLimits, Quicklist};
use crate::types::packed::{Intset, Listpack, has_twice};
use crate::types::set::{Set, SetLimits};
use crate::types::zset::{AddFlags, Added, Zset, ZsetLimits};

const LISTPACK: &str = "Listpack integrity check failed.";
const ZIPLIST: &str = "Ziplist integrity check failed.";
const ZSET_LISTPACK: &str = "Zset listpack integrity check failed.";
const ZSET_ZIPLIST: &str = "Zset ziplist integrity check failed.";

/// What decides which encoding a value gets, and how it is checked.
#[derive(Clone, Copy, Debug)]
pub struct ValueLimits {
    pub list: ListLimits,
    pub set: SetLimits,
    pub zset: ZsetLimits,
    pub hash: HashLimits,
    /// Look for members that are there twice (`sanitize-dump-payload`); everything else is checked anyway.
    pub deep: bool,
    /// The version of the file or payload, which its reader fills in: some kinds mean one thing in Redis' line and
    /// another in Valkey's.
    pub version: u32,
}

impl ValueLimits {
    pub(super) fn is_valkeys(&self) -> bool {
        is_valkeys(self.version)
    }
}

/// Reads what follows the key of a value of kind `form`; `None` if it is an empty collection.
pub fn load_value(source: &mut Source<'_>, form: u8, limits: &ValueLimits) -> Result<Option<Object>> {
    let object = match form {
        kind::STRING => return Ok(Some(Object::Str(Str(source.text()?)))),
        kind::LIST => list(source, limits)?.map(Object::List),
        kind::LIST_QUICKLIST | kind::LIST_QUICKLIST_2 => quicklist(source, form, limits)?.map(Object::List),
        kind::LIST_ZIPLIST => list_ziplist(source, limits)?.map(Object::List),
        kind::SET => set(source, limits)?.map(Object::Set),
        kind::SET_INTSET => Some(Object::Set(intset(source, limits)?)),
        kind::SET_LISTPACK => set_listpack(source, limits)?.map(Object::Set),
        kind::ZSET | kind::ZSET_2 => zset(source, form, limits)?.map(Object::Zset),
        kind::ZSET_ZIPLIST | kind::ZSET_LISTPACK => {
            let old = form == kind::ZSET_ZIPLIST;
            let broken = if old { ZSET_ZIPLIST } else { ZSET_LISTPACK };
            pairs(source, old, broken, limits)?.map(|lp| packed_zset(lp, limits))
        }
        kind::STREAM | kind::STREAM_2 | kind::STREAM_3 => {
            Some(Object::Stream(Box::new(stream::load_stream(source, form)?)))
        }
        kind::HASH
        | kind::HASH_ZIPMAP
        | kind::HASH_ZIPLIST
        | kind::HASH_LISTPACK
        | kind::HASH_TIMED_PRE_GA..=kind::HASH_LISTPACK_TIMED => {
            load_hash(source, form, limits)?.map(Object::Hash)
        }
        kind::MODULE_PRE_GA | kind::MODULE_2 => return module::refuse_value(source),
        _ => return Err(source.error(Cause::UnknownType(form))),
    };
    Ok(object)
}

/// A string that is a listpack.
pub fn listpack(source: &mut Source<'_>) -> Result<Listpack> {
    let bytes = source.text()?;
    Listpack::from_bytes(bytes).map_err(|_| source.corrupt(LISTPACK))
}

/// A string that is a ziplist, as a listpack.
pub fn converted_ziplist(source: &mut Source<'_>) -> Result<Listpack> {
    let bytes = source.text()?;
    let mut lp = Listpack::with_capacity(bytes.len());
    let read = ziplist::for_each(&bytes, |value| {
        lp.append(value);
        true
    });
    read.map_err(|_| source.corrupt(ZIPLIST))?;
    lp.shrink();
    Ok(lp)
}

/// A packed collection of pairs whose first halves differ; `broken` says what it is not.
pub fn pairs(
    source: &mut Source<'_>,
    old: bool,
    broken: &'static str,
    limits: &ValueLimits,
) -> Result<Option<Listpack>> {
    let named = |mut error: LoadError| {
        if matches!(error.cause, Cause::Corrupt(LISTPACK | ZIPLIST)) {
            error.cause = Cause::Corrupt(broken);
        }
        error
    };
    let lp = if old { converted_ziplist(source) } else { listpack(source) }.map_err(named)?;
    let len = lp.len();
    if len % 2 != 0 || ((limits.deep || old) && has_twice(lp.as_ref(), 2)) {
        return Err(source.corrupt(broken));
    }
    Ok((len > 0).then_some(lp))
}

fn list(source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<List>> {
    let mut list = List::new();
    let mut text = Vec::new();
    for _ in 0..source.length()? {
        source.text_into(&mut text)?;
        list.push(End::Tail, &text, limits.list);
    }
    list.settle(limits.list);
    Ok((!list.is_empty()).then_some(list))
}

fn quicklist(source: &mut Source<'_>, form: u8, limits: &ValueLimits) -> Result<Option<List>> {
    let mut nodes = Quicklist::new(limits.list);
    for _ in 0..source.length()? {
        let container = if form == kind::LIST_QUICKLIST_2 { source.length()? } else { NODE_PACKED };
        match (container, form) {
            (NODE_PLAIN, _) => {
                let bytes = source.text()?;
                if bytes.is_empty() {
                    return Err(source.corrupt("Quicklist integrity check failed."));
                }
                nodes.append_plain(bytes);
            }
            (NODE_PACKED, kind::LIST_QUICKLIST_2) => nodes.append_listpack(listpack(source)?),
            (NODE_PACKED, _) => nodes.append_listpack(converted_ziplist(source)?),
            _ => return Err(source.corrupt("Quicklist integrity check failed.")),
        }
    }
    let list = List::from_nodes(nodes, limits.list);
    Ok((!list.is_empty()).then_some(list))
}

/// Elements of a list that was one ziplist are dealt out to nodes anew.
fn list_ziplist(source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<List>> {
    let lp = converted_ziplist(source)?;
    let mut list = List::new();
    let mut digits = itoa::Buffer::new();
    for value in lp.as_ref() {
        list.push(End::Tail, value.bytes(&mut digits), limits.list);
    }
    Ok((!list.is_empty()).then_some(list))
}

fn set(source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<Set>> {
    let len = source.length()?;
    let mut set = Set::default();
    if len > limits.set.intset_entries as u64 {
        set.to_table(&limits.set);
    }
    let mut member = Vec::new();
    for _ in 0..len {
        source.text_into(&mut member)?;
        if !set.insert(&member, &limits.set) {
            return Err(source.corrupt("Duplicate set members detected"));
        }
    }
    Ok((!set.is_empty()).then_some(set))
}

fn intset(source: &mut Source<'_>, limits: &ValueLimits) -> Result<Set> {
    let bytes = source.text()?;
    let ints = Intset::from_bytes(bytes).map_err(|_| source.corrupt("Intset integrity check failed."))?;
    let many = ints.len() > limits.set.intset_entries;
    let mut set = Set::Intset(ints);
    if many {
        set.to_table(&limits.set);
    }
    Ok(set)
}

fn set_listpack(source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<Set>> {
    let lp = listpack(source)?;
    if limits.deep && has_twice(lp.as_ref(), 1) {
        return Err(source.corrupt("Set listpack integrity check failed."));
    }
    if lp.is_empty() {
        return Ok(None);
    }
    let many = lp.len() > limits.set.listpack_entries;
    let mut set = Set::Packed(lp);
    if many {
        set.to_table(&limits.set);
    }
    Ok(Some(set))
}

fn zset(source: &mut Source<'_>, form: u8, limits: &ValueLimits) -> Result<Option<Zset>> {
    let mut set = Zset::default();
    set.to_big(&limits.zset);
    let mut member = Vec::new();
    for _ in 0..source.length()? {
        source.text_into(&mut member)?;
        let score = if form == kind::ZSET_2 { source.double()? } else { source.double_text()? };
        match set.add(&member, score, AddFlags::default(), &limits.zset) {
            Added::New(_) => {}
            Added::NotANumber => return Err(source.corrupt("Zset with NAN score detected")),
            _ => return Err(source.corrupt("Duplicate zset fields detected")),
        }
    }
    set.settle(&limits.zset);
    Ok((!set.is_empty()).then_some(set))
}

fn packed_zset(lp: Listpack, limits: &ValueLimits) -> Object {
    let many = lp.len() / 2 > limits.zset.listpack_entries;
    let mut set = Zset::Packed(lp);
    if many {
        set.to_big(&limits.zset);
    }
    Object::Zset(set)
}
