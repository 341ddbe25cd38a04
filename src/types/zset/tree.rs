//! The order of a big sorted set: a B+tree whose branches count the entries below them, so that ranks and
//! positions cost a walk from the root. Changes go by position. Nodes are shared with readers that still look
//! at them: a writer copies those on its way. Must not know of the dictionary.

use std::sync::Arc;

use super::arena::{Arena, Handle};
use super::leaf::{Bound, LEAF_ENTRIES, Leaf};
use crate::table::prefetch;

/// Children of a branch, at most.
const BRANCH_CHILDREN: usize = 48;
/// Records asked for ahead of a walk.
const LOOK_AHEAD: usize = 6;

#[derive(Clone, Debug)]
enum Node {
    Leaf(Arc<Leaf>),
    Branch(Arc<Branch>),
}

/// A subtree and what its parent needs to know of it.
#[derive(Clone, Debug)]
struct Child {
    node: Node,
    /// Entries below.
    count: usize,
    /// The first entry below: its key and its handle.
    low_key: u64,
    low: Handle,
}

#[derive(Clone, Debug, Default)]
struct Branch {
    children: Vec<Child>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    root: Option<Node>,
    len: usize,
}

/// A new entry and whether it is the first or last of the whole tree.
struct Entry {
    key: u64,
    handle: Handle,
    at_start: bool,
    at_end: bool,
}

impl Node {
    fn leaf(leaf: Leaf) -> Node {
        Node::Leaf(Arc::new(leaf))
    }

    fn branch(children: Vec<Child>) -> Node {
        Node::Branch(Arc::new(Branch { children }))
    }

    fn count(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.len(),
            Node::Branch(branch) => branch.children.iter().map(|c| c.count).sum(),
        }
    }

    /// Wraps a node that has at least one entry.
    fn into_child(self, arena: &Arena) -> Child {
        let (low_key, low) = match &self {
            Node::Leaf(leaf) => (arena.key(leaf.handle(0)), leaf.handle(0)),
            Node::Branch(branch) => (branch.children[0].low_key, branch.children[0].low),
        };
        Child { count: self.count(), node: self, low_key, low }
    }

    /// Puts an entry at `index`. Returns a new right neighbour if the node was split.
    fn insert(&mut self, index: usize, entry: &Entry, arena: &Arena) -> Option<Child> {
        match self {
            Node::Leaf(leaf) => {
                let leaf = Arc::make_mut(leaf);
                if !leaf.is_full() {
                    leaf.insert(index, entry.key, entry.handle);
                    return None;
                }
                let mut right = split_leaf(leaf, entry, arena);
                if index > leaf.len() || (index == leaf.len() && !entry.at_start) {
                    right.insert(index - leaf.len(), entry.key, entry.handle);
                } else {
                    leaf.insert(index, entry.key, entry.handle);
                }
                Some(Node::leaf(right).into_child(arena))
            }
            Node::Branch(branch) => {
                let branch = Arc::make_mut(branch);
                branch.insert(index, entry, arena);
                if branch.children.len() <= BRANCH_CHILDREN {
                    return None;
                }
                let at = match entry {
                    Entry { at_end: true, .. } => BRANCH_CHILDREN,
                    Entry { at_start: true, .. } => 1,
                    _ => BRANCH_CHILDREN / 2,
                };
                let right = branch.children.split_off(at);
                branch.children.shrink_to_fit();
                Some(Node::branch(right).into_child(arena))
            }
        }
    }

    /// Removes the entry at `index`.
    fn remove(&mut self, index: usize, arena: &Arena) -> Handle {
        match self {
            Node::Leaf(leaf) => Arc::make_mut(leaf).remove(index),
            Node::Branch(branch) => Arc::make_mut(branch).remove(index, arena),
        }
    }

    fn is_small(&self) -> bool {
        match self {
            Node::Leaf(leaf) => leaf.len() < LEAF_ENTRIES / 4,
            Node::Branch(branch) => branch.children.len() < BRANCH_CHILDREN / 4,
        }
    }

    /// Would the entries of two neighbours leave a quarter of a node free?
    fn fits_with(&self, other: &Node) -> bool {
        match (self, other) {
            (Node::Leaf(a), Node::Leaf(b)) => a.len() + b.len() <= LEAF_ENTRIES * 3 / 4,
            (Node::Branch(a), Node::Branch(b)) => {
                a.children.len() + b.children.len() <= BRANCH_CHILDREN * 3 / 4
            }
            _ => false,
        }
    }

    /// Appends all of the right neighbour, which is of the same kind.
    fn absorb(&mut self, right: Node, arena: &Arena) {
        match (self, right) {
            (Node::Leaf(left), Node::Leaf(right)) => {
                let mut right = Arc::unwrap_or_clone(right);
                let count = right.len();
                Arc::make_mut(left).take_front(&mut right, count, arena);
            }
            (Node::Branch(left), Node::Branch(right)) => {
                Arc::make_mut(left).children.append(&mut Arc::unwrap_or_clone(right).children);
            }
            _ => debug_assert!(false, "neighbours are on one level"),
        }
    }
}

/// Splits a full leaf for an entry to come: in halves, but at the ends of the tree leaving full leaves
/// behind, as scores often only rise or only fall.
fn split_leaf(leaf: &mut Leaf, entry: &Entry, arena: &Arena) -> Leaf {
    if entry.at_end {
        Leaf::new()
    } else if entry.at_start {
        std::mem::replace(leaf, Leaf::new())
    } else {
        leaf.split_off(LEAF_ENTRIES / 2, arena)
    }
}

impl Branch {
    /// The child that holds position `index`, and the position in it. A position between two children belongs
    /// to the left one if `insert`, else to the right one.
    #[inline]
    fn find(&self, mut index: usize, insert: bool) -> (usize, usize) {
        let last = self.children.len() - 1;
        for (i, child) in self.children.iter().enumerate() {
            if i == last || index < child.count || (insert && index == child.count) {
                return (i, index);
            }
            index -= child.count;
        }
        (last, index)
    }

    fn insert(&mut self, index: usize, entry: &Entry, arena: &Arena) {
        let (mut at, mut rest) = self.find(index, true);
        if !entry.at_start && !entry.at_end && self.make_room(at, arena) {
            (at, rest) = self.find(index, true);
        }
        let child = &mut self.children[at];
        let right = child.node.insert(rest, entry, arena);
        child.count += 1;
        if rest == 0 {
            (child.low_key, child.low) = (entry.key, entry.handle);
        }
        if let Some(right) = right {
            child.count -= right.count;
            self.children.insert(at + 1, right);
        }
    }

    /// If the child is a full leaf and a neighbour is not, shares their entries out among both.
    fn make_room(&mut self, at: usize, arena: &Arena) -> bool {
        let free = |child: Option<&Child>| match child {
            Some(Child { node: Node::Leaf(leaf), .. }) => LEAF_ENTRIES - leaf.len(),
            _ => 0,
        };
        if free(self.children.get(at)) > 0 || !matches!(self.children[at].node, Node::Leaf(_)) {
            return false;
        }
        let left = if at > 0 { free(self.children.get(at - 1)) } else { 0 };
        let right = free(self.children.get(at + 1));
        let (low, count) = if left >= right { (at.saturating_sub(1), left / 2) } else { (at, right / 2) };
        // Shifting a few entries only would soon have to be done again.
        if count < LEAF_ENTRIES / 16 {
            return false;
        }
        let [a, b] = &mut self.children[low..=low + 1] else { return false };
        let (Node::Leaf(left_leaf), Node::Leaf(right_leaf)) = (&mut a.node, &mut b.node) else {
            return false;
        };
        let (left_leaf, right_leaf) = (Arc::make_mut(left_leaf), Arc::make_mut(right_leaf));
        if left >= right {
            left_leaf.take_front(right_leaf, count, arena);
        } else {
            right_leaf.take_back(left_leaf, count, arena);
        }
        (a.count, b.count) = (left_leaf.len(), right_leaf.len());
        b.low = right_leaf.handle(0);
        b.low_key = arena.key(b.low);
        true
    }

    fn remove(&mut self, index: usize, arena: &Arena) -> Handle {
        let (at, rest) = self.find(index, false);
        let child = &mut self.children[at];
        let handle = child.node.remove(rest, arena);
        child.count -= 1;
        if child.count == 0 {
            self.children.remove(at);
            return handle;
        }
        if rest == 0 {
            child.refresh_low(arena);
        }
        if child.node.is_small() {
            self.join_small(at, arena);
        }
        handle
    }

    /// Joins a small child with a neighbour if both together are small enough.
    fn join_small(&mut self, at: usize, arena: &Arena) {
        let fits = |left: usize| match &self.children[..] {
            all if left + 1 < all.len() => all[left].node.fits_with(&all[left + 1].node),
            _ => false,
        };
        let left = match at.checked_sub(1) {
            Some(before) if fits(before) => before,
            _ if fits(at) => at,
            _ => return,
        };
        let right = self.children.remove(left + 1);
        let child = &mut self.children[left];
        child.count += right.count;
        child.node.absorb(right.node, arena);
    }
}

impl Child {
    fn refresh_low(&mut self, arena: &Arena) {
        match &self.node {
            Node::Leaf(leaf) => {
                self.low = leaf.handle(0);
                self.low_key = arena.key(self.low);
            }
            Node::Branch(branch) => {
                (self.low_key, self.low) = (branch.children[0].low_key, branch.children[0].low);
            }
        }
    }
}

impl Tree {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Number of entries before `bound`. O(log n).
    pub(super) fn rank(&self, arena: &Arena, bound: &Bound<'_>) -> usize {
        let (mut node, mut rank) = (self.root.as_ref(), 0);
        let key = bound.key();
        loop {
            let branch = match node {
                None => return rank,
                Some(Node::Leaf(leaf)) => return rank + leaf.rank(arena, bound),
                Some(Node::Branch(branch)) => branch,
            };
            // The last child whose first entry is before the bound.
            let behind = branch.children[1..].partition_point(|child| {
                if child.low_key == key {
                    bound.is_behind_equal(arena, child.low)
                } else {
                    child.low_key < key
                }
            });
            rank += branch.children[..behind].iter().map(|c| c.count).sum::<usize>();
            node = Some(&branch.children[behind].node);
        }
    }

    /// Number of entries at the start for which `before` holds, which must be a run. O(log n) calls.
    pub(super) fn rank_where(&self, before: impl Fn(Handle) -> bool) -> usize {
        let (mut node, mut rank) = (self.root.as_ref(), 0);
        loop {
            match node {
                None => return rank,
                Some(Node::Leaf(leaf)) => {
                    let (mut low, mut high) = (0, leaf.len());
                    while low < high {
                        let middle = low.midpoint(high);
                        if before(leaf.handle(middle)) { low = middle + 1 } else { high = middle }
                    }
                    return rank + low;
                }
                Some(Node::Branch(branch)) => {
                    let behind = branch.children[1..].partition_point(|child| before(child.low));
                    rank += branch.children[..behind].iter().map(|c| c.count).sum::<usize>();
                    node = Some(&branch.children[behind].node);
                }
            }
        }
    }

    /// The entry at `index`. O(log n).
    pub(super) fn get(&self, mut index: usize) -> Option<Handle> {
        let mut node = self.root.as_ref().filter(|_| index < self.len)?;
        loop {
            match node {
                Node::Leaf(leaf) => return Some(leaf.handle(index)),
                Node::Branch(branch) => {
                    let (at, rest) = branch.find(index, false);
                    node = &branch.children[at].node;
                    index = rest;
                }
            }
        }
    }

    /// Puts an entry at `index`, where its order belongs. O(log n).
    pub(super) fn insert(&mut self, index: usize, key: u64, handle: Handle, arena: &Arena) {
        let entry = Entry { key, handle, at_start: index == 0, at_end: index == self.len };
        self.len += 1;
        let root = self.root.get_or_insert_with(|| Node::leaf(Leaf::new()));
        if let Some(right) = root.insert(index, &entry, arena)
            && let Some(left) = self.root.take()
        {
            self.root = Some(Node::branch(vec![left.into_child(arena), right]));
        }
    }

    /// Removes the entry at `index`, which is in range. O(log n).
    pub(super) fn remove(&mut self, index: usize, arena: &Arena) -> Option<Handle> {
        let root = self.root.as_mut().filter(|_| index < self.len)?;
        let handle = root.remove(index, arena);
        self.len -= 1;
        if self.len == 0 {
            self.root = None;
        }
        while let Some(Node::Branch(branch)) = &mut self.root
            && branch.children.len() == 1
        {
            self.root = Arc::make_mut(branch).children.pop().map(|only| only.node);
        }
        Some(handle)
    }

    /// Hands `f` the entries from the one at `start` on, towards either end, while it returns true. Their
    /// records are asked for ahead.
    pub(super) fn walk(&self, start: usize, reverse: bool, arena: &Arena, mut f: impl FnMut(Handle) -> bool) {
        let ahead = |handle| prefetch(arena.address(handle));
        self.walk_with(start, reverse, &ahead, &mut f);
    }

    /// The same without a look ahead.
    pub(super) fn walk_with(
        &self,
        start: usize,
        reverse: bool,
        ahead: &dyn Fn(Handle),
        f: &mut dyn FnMut(Handle) -> bool,
    ) {
        if let Some(root) = self.root.as_ref().filter(|_| start < self.len) {
            walk_node(root, start, reverse, ahead, f);
        }
    }

    /// Lets `f` replace the handles of the leaf that holds position `index`. Returns how many entries that
    /// leaf has.
    pub(super) fn remap_leaf(&mut self, index: usize, f: &mut dyn FnMut(Handle) -> Option<Handle>) -> usize {
        match self.root.as_mut().filter(|_| index < self.len) {
            Some(root) => remap_node(root, index, f),
            None => 0,
        }
    }

    /// Bytes allocated. O(n / 5000).
    pub(super) fn memory(&self) -> usize {
        self.root.as_ref().map_or(0, node_memory)
    }

    /// Turns the tree into the work of freeing it.
    pub(super) fn into_free(self) -> TreeFree {
        TreeFree { nodes: self.root.into_iter().collect() }
    }

    /// Verifies order, counts and fill.
    #[cfg(test)]
    pub(super) fn check(&self, arena: &Arena) {
        assert_eq!(self.root.as_ref().map_or(0, |root| check_node(root, arena, true).0), self.len);
        let mut all = Vec::new();
        self.walk(0, false, arena, |h| {
            all.push((arena.key(h), arena.member(h).to_vec()));
            true
        });
        assert!(all.len() == self.len && all.windows(2).all(|w| w[0] < w[1]));
    }
}

fn walk_node(
    node: &Node,
    start: usize,
    reverse: bool,
    ahead: &dyn Fn(Handle),
    f: &mut dyn FnMut(Handle) -> bool,
) -> bool {
    match node {
        Node::Leaf(leaf) => {
            let mut handles = leaf.handles();
            if reverse {
                walk_leaf(handles.rev().skip(leaf.len() - 1 - start), ahead, f)
            } else {
                handles.by_ref().take(start).for_each(drop);
                walk_leaf(handles, ahead, f)
            }
        }
        Node::Branch(branch) => {
            let (at, rest) = branch.find(start, false);
            if !walk_node(&branch.children[at].node, rest, reverse, ahead, f) {
                return false;
            }
            if reverse {
                branch.children[..at].iter().rev().all(|c| walk_node(&c.node, c.count - 1, true, ahead, f))
            } else {
                branch.children[at + 1..].iter().all(|c| walk_node(&c.node, 0, false, ahead, f))
            }
        }
    }
}

fn walk_leaf(
    handles: impl Iterator<Item = Handle> + Clone,
    ahead: &dyn Fn(Handle),
    f: &mut dyn FnMut(Handle) -> bool,
) -> bool {
    let mut coming = handles.clone();
    coming.by_ref().take(LOOK_AHEAD).for_each(ahead);
    for handle in handles {
        if let Some(handle) = coming.next() {
            ahead(handle);
        }
        if !f(handle) {
            return false;
        }
    }
    true
}

fn remap_node(node: &mut Node, index: usize, f: &mut dyn FnMut(Handle) -> Option<Handle>) -> usize {
    match node {
        Node::Leaf(leaf) => {
            let leaf = Arc::make_mut(leaf);
            leaf.remap(f);
            leaf.len()
        }
        Node::Branch(branch) => {
            let (at, rest) = branch.find(index, false);
            let child = &mut Arc::make_mut(branch).children[at];
            let entries = remap_node(&mut child.node, rest, f);
            child.low = match &child.node {
                Node::Leaf(leaf) => leaf.handle(0),
                Node::Branch(branch) => branch.children[0].low,
            };
            entries
        }
    }
}

fn node_memory(node: &Node) -> usize {
    const ARC: usize = 2 * size_of::<usize>();
    match node {
        Node::Leaf(_) => size_of::<Leaf>() + ARC,
        Node::Branch(branch) => {
            let own = size_of::<Branch>() + ARC + branch.children.capacity() * size_of::<Child>();
            own + branch.children.iter().map(|c| node_memory(&c.node)).sum::<usize>()
        }
    }
}

#[cfg(test)]
fn check_node(node: &Node, arena: &Arena, root: bool) -> (usize, usize) {
    match node {
        Node::Leaf(leaf) => {
            leaf.check(arena);
            assert!(leaf.len() > 0);
            (leaf.len(), 1)
        }
        Node::Branch(branch) => {
            assert!(branch.children.len() <= BRANCH_CHILDREN && (!root || branch.children.len() > 1));
            let mut heights = Vec::new();
            for child in &branch.children {
                let (count, height) = check_node(&child.node, arena, false);
                assert_eq!(count, child.count);
                heights.push(height);
                let mut expected = child.clone();
                expected.refresh_low(arena);
                assert_eq!((expected.low, expected.low_key), (child.low, child.low_key));
                assert_eq!(arena.key(child.low), child.low_key);
            }
            assert!(heights.windows(2).all(|w| w[0] == w[1]), "all leaves are on one level");
            (node.count(), heights[0] + 1)
        }
    }
}

/// A tree on its way out.
#[derive(Debug)]
pub(super) struct TreeFree {
    nodes: Vec<Node>,
}

impl TreeFree {
    /// Frees up to `max` nodes; true when none is left.
    pub(super) fn step(&mut self, max: usize) -> bool {
        for _ in 0..max {
            match self.nodes.pop() {
                None => return true,
                Some(Node::Branch(branch)) => {
                    // Of a branch that a reader still holds, the reader frees the rest.
                    if let Some(branch) = Arc::into_inner(branch) {
                        self.nodes.extend(branch.children.into_iter().map(|c| c.node));
                    }
                }
                Some(Node::Leaf(_)) => {}
            }
        }
        self.nodes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::sort_key;
    use super::*;

    struct Model {
        arena: Arena,
        tree: Tree,
        word: u64,
    }

    impl Model {
        fn new() -> Model {
            Model { arena: Arena::default(), tree: Tree::default(), word: 3 }
        }

        fn word(&mut self) -> usize {
            self.word = self.word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (self.word >> 20) as usize
        }

        fn add(&mut self, score: f64, member: &str) {
            let handle = self.arena.insert(score, member.as_bytes());
            let rank = self.tree.rank(&self.arena, &Bound::At(sort_key(score), member.as_bytes()));
            self.tree.insert(rank, sort_key(score), handle, &self.arena);
        }

        fn fill(&self) -> f64 {
            self.tree.len() as f64 * size_of::<u64>() as f64 / self.tree.memory() as f64
        }
    }

    #[test]
    fn fills_well_in_every_order_of_arrival() {
        for (name, least) in [("rising", 0.92), ("falling", 0.92), ("random", 0.72), ("equal", 0.72)] {
            let mut m = Model::new();
            for i in 0..30_000 {
                let random = m.word() % 100_000;
                match name {
                    "rising" => m.add(f64::from(i), "x"),
                    "falling" => m.add(f64::from(-i), "x"),
                    "random" => m.add(random as f64, &i.to_string()),
                    _ => m.add(1.0, &format!("{random}:{i}")),
                }
            }
            m.tree.check(&m.arena);
            assert!(m.fill() > least, "{name}: {}", m.fill());
        }
    }

    #[test]
    fn positions_hold_through_growth_and_shrinkage() {
        let mut m = Model::new();
        let mut oracle: Vec<(u64, String)> = Vec::new();
        for step in 0..20_000 {
            if (step / 5000) % 2 == 1 && !oracle.is_empty() {
                let at = m.word() % oracle.len();
                let handle = m.tree.remove(at, &m.arena).expect("in range");
                assert_eq!(m.arena.member(handle), oracle.remove(at).1.as_bytes());
                m.arena.remove(handle);
            } else {
                let (score, member) = ((m.word() % 500) as f64, step.to_string());
                let entry = (sort_key(score), member.clone());
                let at = oracle.binary_search(&entry).unwrap_or_else(|at| at);
                m.add(score, &member);
                oracle.insert(at, entry);
            }
            if step % 1000 == 0 {
                m.tree.check(&m.arena);
            }
        }
        for (i, (_, member)) in oracle.iter().enumerate() {
            assert_eq!(m.tree.get(i).map(|h| m.arena.member(h)), Some(member.as_bytes()));
        }
        assert_eq!((m.tree.get(oracle.len()), m.tree.remove(oracle.len(), &m.arena)), (None, None));
        while m.tree.len() > 0 {
            let at = m.word() % m.tree.len();
            m.tree.remove(at, &m.arena);
        }
        m.tree.check(&m.arena);
        assert_eq!(m.tree.memory(), 0);
    }

    #[test]
    fn is_freed_in_steps() {
        let mut m = Model::new();
        (0..5000).for_each(|i| m.add(f64::from(i), "x"));
        let pinned = m.tree.clone();
        let mut free = m.tree.into_free();
        let mut steps = 0;
        while !free.step(3) {
            steps += 1;
        }
        assert!(steps < 5000 / LEAF_ENTRIES);
        pinned.check(&m.arena);
        let mut free = pinned.into_free();
        while !free.step(1) {}
    }
}
