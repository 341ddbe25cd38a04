//! Reading one value of any kind and form. What the file claims is checked before it is believed; an empty collection
//! is no value.

use super::error::{Cause, LoadError};
use super::filling::{Begun, Part};
use super::format::{NODE_PACKED, NODE_PLAIN, is_valkeys, kind};
use super::hash::begin_hash;
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
    begin_value(source, form, limits)?.finish(source, limits)
}

/// The same, as far as it is read quickly.
pub fn begin_value(source: &mut Source<'_>, form: u8, limits: &ValueLimits) -> Result<Begun> {
    let object = match form {
        kind::STRING => Some(Object::Str(Str(source.text()?))),
        kind::LIST => return Begun::read(source, limits, |_| Elements::default()),
        kind::LIST_QUICKLIST | kind::LIST_QUICKLIST_2 => {
            let nodes = Nodes { nodes: Some(Quicklist::new(limits.list)), form };
            return Begun::read(source, limits, |_| nodes);
        }
        kind::LIST_ZIPLIST => list_ziplist(source, limits)?.map(Object::List),
        kind::SET => return Begun::read(source, limits, |len| Members::new(len, limits)),
        kind::SET_INTSET => Some(Object::Set(intset(source, limits)?)),
        kind::SET_LISTPACK => set_listpack(source, limits)?.map(Object::Set),
        kind::ZSET | kind::ZSET_2 => return Begun::read(source, limits, |_| Scored::new(form, limits)),
        kind::ZSET_ZIPLIST | kind::ZSET_LISTPACK => {
            let old = form == kind::ZSET_ZIPLIST;
            let broken = if old { ZSET_ZIPLIST } else { ZSET_LISTPACK };
            pairs(source, old, broken, limits)?.map(|lp| packed_zset(lp, limits))
        }
        kind::STREAM | kind::STREAM_2 | kind::STREAM_3 => return stream::begin_stream(source, form, limits),
        kind::HASH
        | kind::HASH_ZIPMAP
        | kind::HASH_ZIPLIST
        | kind::HASH_LISTPACK
        | kind::HASH_TIMED_PRE_GA..=kind::HASH_LISTPACK_TIMED => return begin_hash(source, form, limits),
        kind::MODULE_PRE_GA | kind::MODULE_2 => return module::refuse_value(source).map(Begun::Whole),
        _ => return Err(source.error(Cause::UnknownType(form))),
    };
    Ok(Begun::Whole(object))
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

/// A list, element by element.
#[derive(Default)]
struct Elements {
    list: List,
    text: Vec<u8>,
}

impl Part for Elements {
    fn element(&mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<()> {
        source.text_into(&mut self.text)?;
        self.list.push(End::Tail, &self.text, limits.list);
        Ok(())
    }

    fn end(&mut self, _source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<Object>> {
        self.list.settle(limits.list);
        let list = std::mem::take(&mut self.list);
        Ok((!list.is_empty()).then_some(Object::List(list)))
    }
}

/// A list, node by node.
struct Nodes {
    nodes: Option<Quicklist>,
    form: u8,
}

impl Part for Nodes {
    fn element(&mut self, source: &mut Source<'_>, _limits: &ValueLimits) -> Result<()> {
        let container = if self.form == kind::LIST_QUICKLIST_2 { source.length()? } else { NODE_PACKED };
        match (container, self.form, &mut self.nodes) {
            (NODE_PLAIN, _, Some(nodes)) => {
                let bytes = source.text()?;
                if bytes.is_empty() {
                    return Err(source.corrupt("Quicklist integrity check failed."));
                }
                nodes.append_plain(bytes);
            }
            (NODE_PACKED, kind::LIST_QUICKLIST_2, Some(nodes)) => nodes.append_listpack(listpack(source)?),
            (NODE_PACKED, _, Some(nodes)) => nodes.append_listpack(converted_ziplist(source)?),
            _ => return Err(source.corrupt("Quicklist integrity check failed.")),
        }
        Ok(())
    }

    fn end(&mut self, _source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<Object>> {
        let list = self.nodes.take().map(|nodes| List::from_nodes(nodes, limits.list));
        Ok(list.filter(|list| !list.is_empty()).map(Object::List))
    }
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

/// A set, member by member.
struct Members {
    set: Set,
    member: Vec<u8>,
}

impl Members {
    fn new(len: u64, limits: &ValueLimits) -> Members {
        let mut set = Set::default();
        if len > limits.set.intset_entries as u64 {
            set.to_table(&limits.set);
        }
        Members { set, member: Vec::new() }
    }
}

impl Part for Members {
    fn element(&mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<()> {
        source.text_into(&mut self.member)?;
        if !self.set.insert(&self.member, &limits.set) {
            return Err(source.corrupt("Duplicate set members detected"));
        }
        Ok(())
    }

    fn end(&mut self, _source: &mut Source<'_>, _limits: &ValueLimits) -> Result<Option<Object>> {
        let set = std::mem::take(&mut self.set);
        Ok((!set.is_empty()).then_some(Object::Set(set)))
    }
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

/// A sorted set, member by member.
struct Scored {
    set: Zset,
    member: Vec<u8>,
    form: u8,
}

impl Scored {
    fn new(form: u8, limits: &ValueLimits) -> Scored {
        let mut set = Zset::default();
        set.to_big(&limits.zset);
        Scored { set, member: Vec::new(), form }
    }
}

impl Part for Scored {
    fn element(&mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<()> {
        source.text_into(&mut self.member)?;
        let score = if self.form == kind::ZSET_2 { source.double()? } else { source.double_text()? };
        match self.set.add(&self.member, score, AddFlags::default(), &limits.zset) {
            Added::New(_) => Ok(()),
            Added::NotANumber => Err(source.corrupt("Zset with NAN score detected")),
            _ => Err(source.corrupt("Duplicate zset fields detected")),
        }
    }

    fn end(&mut self, _source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<Object>> {
        self.set.settle(&limits.zset);
        let set = std::mem::take(&mut self.set);
        Ok((!set.is_empty()).then_some(Object::Zset(set)))
    }
}

fn packed_zset(lp: Listpack, limits: &ValueLimits) -> Object {
    let many = lp.len() / 2 > limits.zset.listpack_entries;
    let mut set = Zset::Packed(lp);
    if many {
        set.to_big(&limits.zset);
    }
    Object::Zset(set)
}
