//! List against a VecDeque, under limits small enough that nodes split, merge and get compressed all the
//! time.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use spinel::types::list::{End, List, ListLimits, ListRef, NodeView};
use spinel::types::packed::dense::restore;
use spinel::types::packed::validate;

#[derive(Clone, Debug)]
enum Op {
    Push(bool, Vec<Vec<u8>>),
    Pop(bool),
    Drop(bool, usize),
    Insert(usize, Vec<u8>, bool),
    Set(i64, Vec<u8>),
    Trim(i64, i64),
    Remove(i64, Vec<u8>),
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0u8..9).prop_map(|n| n.to_string().into_bytes()),
        4 => vec(b'a'..b'd', 0..12),
        1 => (1usize..6000, b'a'..b'd').prop_map(|(n, b)| vec![b; n]),
        1 => vec(any::<u8>(), 5000..9000),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (any::<bool>(), vec(text(), 1..6)).prop_map(|(e, t)| Op::Push(e, t)),
        2 => any::<bool>().prop_map(Op::Pop),
        1 => (any::<bool>(), 0usize..9).prop_map(|(e, n)| Op::Drop(e, n)),
        6 => (any::<usize>(), text(), any::<bool>()).prop_map(|(i, t, a)| Op::Insert(i, t, a)),
        4 => (-40i64..40, text()).prop_map(|(i, t)| Op::Set(i, t)),
        1 => (-60i64..60, -60i64..60).prop_map(|(a, b)| Op::Trim(a, b)),
        2 => (-3i64..4, text()).prop_map(|(n, t)| Op::Remove(n, t)),
    ]
}

/// Sometimes a list so long that nodes share buffers.
fn started() -> impl Strategy<Value = Op> {
    let few = (any::<bool>(), vec(text(), 0..3));
    let many = (any::<bool>(), vec((0u32..300).prop_map(|n| n.to_string().into_bytes()), 150..300));
    prop_oneof![3 => few, 1 => many].prop_map(|(head, texts)| Op::Push(head, texts))
}

fn limits() -> impl Strategy<Value = ListLimits> {
    let fill = prop_oneof![Just(-2), Just(-1), Just(0), 1i32..9];
    let threshold = prop_oneof![3 => Just(0usize), 1 => Just(1), 1 => Just(5), 1 => Just(100)];
    (fill, 0u32..4, threshold).prop_map(|(fill, compress, packed_threshold)| ListLimits {
        fill,
        compress,
        packed_threshold,
    })
}

fn end(head: bool) -> End {
    if head { End::Head } else { End::Tail }
}

fn remove(oracle: &mut VecDeque<Vec<u8>>, count: i64, text: &[u8]) -> usize {
    let mut at: Vec<_> = (0..oracle.len()).filter(|&i| oracle[i] == text).collect();
    if count < 0 {
        at.reverse();
    }
    at.truncate(if count == 0 { usize::MAX } else { count.unsigned_abs() as usize });
    at.sort_unstable();
    for &i in at.iter().rev() {
        oracle.remove(i);
    }
    at.len()
}

fn apply(list: &mut List, oracle: &mut VecDeque<Vec<u8>>, op: &Op, limits: ListLimits) {
    match op {
        Op::Push(head, texts) => {
            list.push_all(end(*head), texts.iter().map(Vec::as_slice), limits);
            for t in texts {
                if *head { oracle.push_front(t.clone()) } else { oracle.push_back(t.clone()) }
            }
        }
        Op::Pop(head) => {
            let expected = if *head { oracle.pop_front() } else { oracle.pop_back() };
            assert_eq!(list.pop(end(*head), limits, |v| v.to_vec()), expected);
        }
        Op::Drop(head, n) => {
            let gone = list.drop_from(end(*head), *n, limits);
            assert_eq!(gone, (*n).min(oracle.len()));
            drop(if *head { oracle.drain(..gone) } else { oracle.drain(oracle.len() - gone..) });
        }
        Op::Insert(i, t, after) => {
            let pivot = oracle.get(i % (oracle.len() + 1)).cloned().unwrap_or(b"no such pivot".to_vec());
            let at = oracle.iter().position(|o| *o == pivot);
            assert_eq!(list.insert(&pivot, t, *after, limits), at.is_some());
            if let Some(at) = at {
                oracle.insert(at + usize::from(*after), t.clone());
            }
        }
        Op::Set(i, t) => {
            let at = if *i < 0 { *i + oracle.len() as i64 } else { *i };
            let there = usize::try_from(at).ok().filter(|&at| at < oracle.len());
            assert_eq!(list.set(*i, t, limits), there.is_some());
            if let Some(at) = there {
                oracle[at] = t.clone();
            }
        }
        Op::Trim(a, b) => {
            let (start, count) = list.as_ref().range(*a, *b);
            let gone = list.trim(start, count, limits);
            let kept: VecDeque<_> = oracle.iter().skip(start).take(count).cloned().collect();
            assert_eq!(gone, oracle.len() - kept.len());
            *oracle = kept;
        }
        Op::Remove(n, t) => assert_eq!(list.remove(*n, t, limits), remove(oracle, *n, t)),
    }
}

fn contents(list: ListRef<'_>, start: usize, reverse: bool) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    list.walk(start, reverse, |v| {
        out.push(v.to_vec());
        true
    });
    out
}

fn check(list: &List, oracle: &VecDeque<Vec<u8>>) {
    let read = list.as_ref();
    assert_eq!(read.len(), oracle.len());
    assert!(contents(read, 0, false).iter().eq(oracle));
    assert!(contents(read, oracle.len().saturating_sub(1), true).iter().eq(oracle.iter().rev()));
    let mut count = 0;
    read.for_each_node(|node| {
        count += match node {
            NodeView::Packed(bytes) => validate(&bytes).expect("well formed"),
            NodeView::Dense(bytes) => validate(restore(bytes).bytes()).expect("well formed"),
            NodeView::Plain(_) => 1,
        }
    });
    assert_eq!(count, oracle.len());
}

fn check_reads(list: &List, oracle: &VecDeque<Vec<u8>>) {
    let read = list.as_ref();
    for (i, t) in oracle.iter().enumerate() {
        assert_eq!(read.at(i as i64, |v| v.to_vec()).as_ref(), Some(t));
        assert_eq!(read.at(i as i64 - oracle.len() as i64, |v| v.to_vec()).as_ref(), Some(t));
        let tail = contents(read, i, false);
        assert!(tail.iter().eq(oracle.iter().skip(i)));
        if let Some((leaves, offset)) = read.leaves(i, 3) {
            let kept = leaves.iter().map(|leaf| match leaf.view() {
                NodeView::Packed(bytes) => validate(&bytes).expect("well formed"),
                NodeView::Plain(_) => 1,
                NodeView::Dense(_) => unreachable!("what is kept is a listpack"),
            });
            assert!(kept.sum::<usize>() - offset >= 3.min(oracle.len() - i));
        }
        for rank in [1i64, 2, -1, -3] {
            for (count, max_len) in [(0, 0), (1, 0), (2, 3)] {
                let mut found = Vec::new();
                read.positions(t, rank, count, max_len, |at| found.push(at));
                let order: Box<dyn Iterator<Item = usize>> =
                    if rank < 0 { Box::new((0..oracle.len()).rev()) } else { Box::new(0..oracle.len()) };
                let max_len = if max_len == 0 { usize::MAX } else { max_len };
                let expected: Vec<_> = order
                    .take(max_len)
                    .filter(|&at| oracle[at] == *t)
                    .skip(rank.unsigned_abs() as usize - 1)
                    .take(if count == 0 { usize::MAX } else { count })
                    .collect();
                assert_eq!(found, expected);
            }
        }
    }
    assert!(read.at(oracle.len() as i64, |_| ()).is_none() && read.at(i64::MIN, |_| ()).is_none());
}

proptest! {
    #[test]
    fn list_is_a_deque(start in started(), ops in vec(op(), 1..50), limits in limits()) {
        let (mut list, mut oracle) = (List::new(), VecDeque::new());
        apply(&mut list, &mut oracle, &start, limits);
        for op in &ops {
            apply(&mut list, &mut oracle, op, limits);
            check(&list, &oracle);
        }
        if oracle.len() < 60 {
            check_reads(&list, &oracle);
        }
        // A reader's nodes stay as they were, whatever the writer does next.
        let (before, pinned) = (oracle.clone(), list.clone());
        for op in ops.iter().take(8) {
            apply(&mut list, &mut oracle, op, limits);
        }
        check(&list, &oracle);
        check(&pinned, &before);
        let mut free = list.into_free();
        let mut steps = 0;
        while !free.step(2) {
            steps += 1;
        }
        prop_assert!(steps <= oracle.len() / 2 + 1);
    }
}

#[test]
fn nodes_away_from_the_ends_share_buffers() {
    for head in [false, true] {
        let (mut list, mut oracle) = (List::new(), VecDeque::new());
        for n in 0..20_000 {
            let push = Op::Push(head, vec![format!("element:{n:012}").into_bytes()]);
            apply(&mut list, &mut oracle, &push, ListLimits::default());
        }
        let (mut dense, mut nodes) = (0, 0);
        list.as_ref().for_each_node(|node| {
            dense += usize::from(matches!(node, NodeView::Dense(_)));
            nodes += 1;
        });
        assert!(dense * 2 > nodes && dense < nodes, "{dense} of {nodes}");
        assert!(list.as_ref().memory() < 20_000 * 22, "{}", list.as_ref().memory());
        check(&list, &oracle);
        while !oracle.is_empty() {
            apply(&mut list, &mut oracle, &Op::Pop(!head), ListLimits::default());
        }
    }
}
