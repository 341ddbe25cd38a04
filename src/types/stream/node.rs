//! One node of a stream: a listpack that holds a run of entries, byte for byte as Redis lays it out.
//!
//! ```text
//! live, deleted, n, name 1 .. name n, 0            the head: counters, and the names that most entries share
//! flags, ms, seq, value 1 .. value n, pieces       an entry with the head's names (SAME_NAMES)
//! flags, ms, seq, m, name, value .. , pieces       an entry with names of its own
//! ```
//! `ms` and `seq` are differences to the node's ID, `pieces` the number of listpack entries before it, which leads
//! backwards from entry to entry. Knows no stream and no neighbour node.

use super::id::StreamId;
use crate::types::packed::{Corrupt, Entries, Listpack, ListpackRef, Pos, Run, Value, validate};

const DELETED: i64 = 1;
const SAME_NAMES: i64 = 2;
/// flags, ms and seq.
const FIXED_PIECES: i64 = 3;

/// A field and its value.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// What the head of a node says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub live: u64,
    pub deleted: u64,
    names: usize,
    names_at: Pos,
    /// Where the first entry is.
    pub first: Pos,
}

/// Where one entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// Where its flags are.
    at: Pos,
    flags: i64,
    pub id: StreamId,
    pairs: usize,
    /// Where its values begin, or its names and values.
    data: Pos,
    /// Where the entry behind it begins.
    pub next: Pos,
}

impl Place {
    /// Where it begins.
    pub(super) fn start(&self) -> Pos {
        self.at
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.flags & DELETED != 0
    }
}

/// A node's ID and content.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeRef<'a> {
    pub id: StreamId,
    pub run: Run<'a>,
}

impl<'a> NodeRef<'a> {
    pub(super) fn head(self) -> Option<Head> {
        let mut iter = self.run.iter();
        let live = int(&mut iter)?.max(0) as u64;
        let deleted = int(&mut iter)?.max(0) as u64;
        let names = usize::try_from(int(&mut iter)?).ok()?;
        let names_at = iter.pos();
        iter.pass_over(names)?;
        (int(&mut iter)? == 0).then_some(Head { live, deleted, names, names_at, first: iter.pos() })
    }

    /// The entry whose flags are at `at`; `None` at the end.
    pub(super) fn place(self, head: &Head, at: Pos) -> Option<Place> {
        let mut iter = self.run.iter_from(at);
        let place = self.place_from(head, &mut iter)?;
        iter.pass_over(pieces_of(place.flags, place.pairs)?)?;
        int(&mut iter)?;
        Some(Place { next: iter.pos(), ..place })
    }

    /// The entry that ends at `end`, the end of the node or the start of another entry; `None` at the first. O(node) in
    /// the dense form, which has no way back.
    pub(super) fn place_before(self, head: &Head, end: Pos) -> Option<Place> {
        let Run::Listpack(lp) = self.run else {
            return self.places(head).take_while(|place| place.next <= end).last();
        };
        let mut at = lp.prev(end)?;
        let pieces = lp.get(at)?.as_int()?;
        if pieces <= 0 || at < head.first {
            return None;
        }
        for _ in 0..pieces {
            at = lp.prev(at)?;
        }
        let place = self.place_from(head, &mut self.run.iter_from(at))?;
        Some(Place { next: end, ..place })
    }

    /// All entries from the first on.
    pub(super) fn places(self, head: &Head) -> impl Iterator<Item = Place> {
        std::iter::successors(self.place(head, head.first), move |place| self.place(head, place.next))
    }

    fn place_from(self, head: &Head, iter: &mut Entries<'a>) -> Option<Place> {
        let at = iter.pos();
        let flags = int(iter)?;
        let ms = self.id.ms.wrapping_add(int(iter)? as u64);
        let seq = self.id.seq.wrapping_add(int(iter)? as u64);
        let pairs = if flags & SAME_NAMES != 0 { head.names } else { usize::try_from(int(iter)?).ok()? };
        Some(Place { at, flags, id: StreamId { ms, seq }, pairs, data: iter.pos(), next: at })
    }

    /// The ID of the last entry, deleted ones included.
    pub(super) fn last_id(self, head: &Head) -> Option<StreamId> {
        Some(self.place_before(head, self.run.end())?.id)
    }

    /// The entry at `place`, to be read.
    pub(super) fn entry(self, head: &Head, place: &Place) -> Entry<'a> {
        let names = (place.flags & SAME_NAMES != 0).then(|| self.run.iter_from(head.names_at));
        let fields = Fields { names, data: self.run.iter_from(place.data), left: place.pairs };
        Entry { id: place.id, fields }
    }

    /// The live entry with exactly this ID.
    pub(super) fn find(self, head: &Head, id: StreamId) -> Option<Place> {
        let mut at = head.first;
        while let Some(place) = self.place(head, at) {
            if place.id >= id {
                return (place.id == id && !place.is_deleted()).then_some(place);
            }
            at = place.next;
        }
        None
    }
}

/// How many listpack entries the pairs take.
fn pieces_of(flags: i64, pairs: usize) -> Option<usize> {
    if flags & SAME_NAMES != 0 { Some(pairs) } else { pairs.checked_mul(2) }
}

fn int(iter: &mut Entries<'_>) -> Option<i64> {
    iter.next()?.as_int()
}

/// An entry of a stream, in borrowed bytes.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub id: StreamId,
    fields: Fields<'a>,
}

impl<'a> Entry<'a> {
    /// Its fields and values in order; the iterator knows how many.
    pub fn fields(&self) -> Fields<'a> {
        self.fields.clone()
    }
}

/// Fields and values of one entry.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    /// The names in the node's head, where the entry has no names of its own.
    names: Option<Entries<'a>>,
    data: Entries<'a>,
    left: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = match &mut self.names {
            Some(names) => names.next(),
            None => self.data.next(),
        };
        Some((name?, self.data.next()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Fields<'_> {}

/// A node for its first entry, the head taking that entry's names. `capacity` is a guess at its final bytes.
pub(super) fn create<'a>(pairs: impl Iterator<Item = Pair<'a>> + Clone, capacity: usize) -> Listpack {
    let count = pairs.clone().count() as i64;
    let mut lp = Listpack::with_capacity(capacity);
    let counters = [1, 0, count].map(Value::Int);
    let names = pairs.clone().map(|(name, _)| Value::of(name));
    let entry = [0, SAME_NAMES, 0, 0].map(Value::Int);
    let values = pairs.map(|(_, value)| Value::of(value));
    let pieces = Value::Int(FIXED_PIECES + count);
    lp.extend(counters.into_iter().chain(names).chain(entry).chain(values).chain([pieces]));
    lp
}

/// Appends an entry, of an ID above all in the node, to the node with ID `node`.
pub(super) fn append<'a>(
    lp: &mut Listpack,
    head: &Head,
    node: StreamId,
    id: StreamId,
    pairs: impl Iterator<Item = Pair<'a>> + Clone,
) {
    let count = pairs.clone().count();
    let mut names = lp.as_ref().iter_from(head.names_at);
    let same = count == head.names && pairs.clone().all(|(name, _)| names.next().is_some_and(|n| n.is(name)));
    let difference = |own: u64, base: u64| Value::Int(own.wrapping_sub(base) as i64);
    let ids = [difference(id.ms, node.ms), difference(id.seq, node.seq)];
    if same {
        let pieces = Value::Int(FIXED_PIECES + count as i64);
        let values = pairs.map(|(_, value)| Value::of(value));
        lp.extend([Value::Int(SAME_NAMES)].into_iter().chain(ids).chain(values).chain([pieces]));
    } else {
        let pieces = Value::Int(FIXED_PIECES + 1 + 2 * count as i64);
        let both = pairs.flat_map(|(name, value)| [Value::of(name), Value::of(value)]);
        let start = [Value::Int(0), ids[0], ids[1], Value::Int(count as i64)];
        lp.extend(start.into_iter().chain(both).chain([pieces]));
    }
    set_counters(lp, head.live + 1, head.deleted);
}

/// Marks the entry at `place` deleted, without touching the counters. Its length stays.
pub(super) fn mark_deleted(lp: &mut Listpack, place: &Place) {
    lp.replace(place.at, Value::Int(place.flags | DELETED));
}

/// Writes both counters of the head. Places found before are stale if their lengths changed.
pub(super) fn set_counters(lp: &mut Listpack, live: u64, deleted: u64) {
    for (index, count) in [live, deleted].into_iter().enumerate() {
        let Some(at) = lp.as_ref().seek(index as i64) else { return };
        let new = Value::Int(count as i64);
        if lp.as_ref().get(at) != Some(new) {
            lp.replace(at, new);
        }
    }
}

/// Checks a node that came from outside, so that nothing above has to doubt it: the listpack, the head, every entry's
/// shape, that IDs rise, and that the counters tell the truth. Gives its head and last ID. O(bytes).
///
/// # Errors
/// `Corrupt`, whatever it is.
pub(super) fn check(id: StreamId, bytes: &[u8]) -> Result<(Head, StreamId), Corrupt> {
    validate(bytes)?;
    let lp = ListpackRef::new(bytes);
    let node = NodeRef { id, run: Run::Listpack(lp) };
    let head = node.head().ok_or(Corrupt)?;
    let (mut at, mut last, mut counted) = (head.first, None, [0u64; 2]);
    while at < lp.end() {
        let place = node.place(&head, at).ok_or(Corrupt)?;
        let extra = if place.flags & SAME_NAMES != 0 { 0 } else { 1 };
        let pieces =
            pieces_of(place.flags, place.pairs).and_then(|n| i64::try_from(n).ok()).ok_or(Corrupt)?;
        let said = lp.prev(place.next).and_then(|at| lp.get(at)?.as_int());
        if said != Some(FIXED_PIECES + extra + pieces) || last.map_or(place.id < id, |last| place.id <= last)
        {
            return Err(Corrupt);
        }
        counted[usize::from(place.is_deleted())] += 1;
        last = Some(place.id);
        at = place.next;
    }
    let last = last.filter(|_| counted == [head.live, head.deleted]).ok_or(Corrupt)?;
    Ok((head, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: StreamId = StreamId::new(1000, 5);

    fn node() -> Listpack {
        let mut lp = create([(&b"f"[..], &b"1"[..])].into_iter(), 0);
        for (seq, name, value) in [(6, "f", "two"), (7, "g", "3"), (9, "f", "")] {
            let head = NodeRef { id: ID, run: Run::Listpack(lp.as_ref()) }.head().expect("a head");
            let pairs = [(name.as_bytes(), value.as_bytes())];
            append(&mut lp, &head, ID, StreamId::new(1000, seq), pairs.into_iter());
        }
        lp
    }

    fn listing(lp: &Listpack) -> Vec<String> {
        let node = NodeRef { id: ID, run: Run::Listpack(lp.as_ref()) };
        let head = node.head().expect("a head");
        let (mut at, mut out) = (head.first, Vec::new());
        while let Some(place) = node.place(&head, at) {
            let fields =
                node.entry(&head, &place).fields().map(|(n, v)| [n.to_vec(), v.to_vec()].join(&b'='));
            let fields = fields.collect::<Vec<_>>().join(&b',');
            let fields = String::from_utf8_lossy(&fields);
            out.push(format!("{}{} {fields}", place.id, if place.is_deleted() { "x" } else { "" }));
            at = place.next;
        }
        out
    }

    #[test]
    fn entries_read_back_from_both_ends() {
        let lp = node();
        assert_eq!(listing(&lp), ["1000-5 f=1", "1000-6 f=two", "1000-7 g=3", "1000-9 f="]);
        let (head, last) = check(ID, lp.bytes()).expect("sound");
        assert_eq!((head.live, head.deleted, last.seq), (4, 0, 9));
        let node = NodeRef { id: ID, run: Run::Listpack(lp.as_ref()) };
        let (mut end, mut seen) = (lp.as_ref().end(), Vec::new());
        while let Some(place) = node.place_before(&head, end) {
            assert_eq!(node.place(&head, place.at), Some(place));
            seen.push(place.id.seq);
            end = place.at;
        }
        assert_eq!(seen, [9, 7, 6, 5]);
    }

    #[test]
    fn deleting_marks() {
        let mut lp = node();
        let node = NodeRef { id: ID, run: Run::Listpack(lp.as_ref()) };
        let head = node.head().expect("a head");
        let place = node.find(&head, StreamId::new(1000, 7)).expect("it is there");
        assert_eq!(node.find(&head, StreamId::new(1000, 8)), None);
        mark_deleted(&mut lp, &place);
        assert!(check(ID, lp.bytes()).is_err());
        set_counters(&mut lp, 3, 1);
        assert!(check(ID, lp.bytes()).is_ok());
        assert_eq!(listing(&lp)[2], "1000-7x g=3");
    }

    #[test]
    fn broken_nodes_are_seen() {
        let lp = node();
        assert!(check(ID, &lp.bytes()[..lp.bytes().len() - 1]).is_err());
        let (mut accepted, mut flips) = (0, 0);
        for at in 0..lp.bytes().len() {
            for bit in 0..8 {
                let mut bytes = lp.bytes().to_vec();
                bytes[at] ^= 1 << bit;
                flips += 1;
                if check(ID, &bytes).is_ok() {
                    accepted += 1;
                    listing(&Listpack::from_bytes(bytes).expect("checked"));
                }
            }
        }
        // Flips inside of values and names, and of IDs that stay in order, make other sound nodes.
        assert!(accepted < flips / 4, "{accepted} of {flips}");
        for texts in
            [&["1", "0", "-1", "0"][..], &["1", "0", "9223372036854775807", "0"], &["0", "0", "0", "0"], &[]]
        {
            let lp = Listpack::from_values(texts.iter().map(|t| Value::of(t.as_bytes())));
            assert!(check(ID, lp.bytes()).is_err());
        }
    }
}
