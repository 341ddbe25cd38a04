//! Listpack against a vector of texts.

use proptest::collection::vec;
use proptest::prelude::*;
use spinel::types::packed::{Listpack, Value, validate};

#[derive(Clone, Debug)]
enum Op {
    Insert(usize, Vec<u8>),
    Append(Vec<u8>),
    Replace(usize, Vec<u8>),
    DeleteRange(i64, usize),
    Retain(u8),
    SplitAndJoin(usize),
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        (-5000i64..5000).prop_map(|n| n.to_string().into_bytes()),
        (any::<i64>(), 0u32..64).prop_map(|(n, s)| (n >> s).to_string().into_bytes()),
        vec(any::<u8>(), 0..80),
        (0usize..9000, any::<u8>()).prop_map(|(n, b)| vec![b; n]),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (any::<usize>(), text()).prop_map(|(i, t)| Op::Insert(i, t)),
        4 => text().prop_map(Op::Append),
        3 => (any::<usize>(), text()).prop_map(|(i, t)| Op::Replace(i, t)),
        2 => (-12i64..12, 0usize..5).prop_map(|(i, n)| Op::DeleteRange(i, n)),
        1 => any::<u8>().prop_map(Op::Retain),
        1 => any::<usize>().prop_map(Op::SplitAndJoin),
    ]
}

fn apply(lp: &mut Listpack, oracle: &mut Vec<Vec<u8>>, op: &Op) {
    match op {
        Op::Insert(i, t) => {
            let i = i % (oracle.len() + 1);
            let pos = lp.as_ref().seek(i as i64).unwrap_or(lp.as_ref().end());
            lp.insert(pos, Value::of(t));
            oracle.insert(i, t.clone());
        }
        Op::Append(t) => {
            lp.append_text(t);
            oracle.push(t.clone());
        }
        Op::Replace(i, t) if !oracle.is_empty() => {
            let i = i % oracle.len();
            lp.replace(lp.as_ref().seek(i as i64).expect("in range"), Value::of(t));
            oracle[i] = t.clone();
        }
        Op::Replace(..) => {}
        Op::DeleteRange(i, n) => {
            let len = oracle.len() as i64;
            let from = if *i < 0 { i + len } else { *i };
            let range = if (0..len).contains(&from) {
                from as usize..oracle.len().min(from as usize + n)
            } else {
                0..0
            };
            assert_eq!(lp.delete_range(*i, *n), range.len());
            oracle.drain(range);
        }
        Op::Retain(salt) => {
            let keep = |t: &[u8]| t.len() % 7 != usize::from(salt % 7);
            let before = oracle.len();
            oracle.retain(|t| keep(t));
            assert_eq!(lp.retain(|v| keep(&v.to_vec())), before - oracle.len());
        }
        Op::SplitAndJoin(i) => {
            let i = i % (oracle.len() + 1);
            let tail = lp.split_off(i);
            assert_eq!((lp.len(), tail.len()), (i, oracle.len() - i));
            assert_eq!(validate(tail.bytes()), Ok(tail.len()));
            lp.append_all(tail.as_ref());
        }
    }
}

proptest! {
    #[test]
    fn listpack_is_a_vector_of_texts(ops in vec(op(), 1..60)) {
        let (mut lp, mut oracle) = (Listpack::new(), Vec::new());
        for op in &ops {
            apply(&mut lp, &mut oracle, op);
            prop_assert_eq!(validate(lp.bytes()), Ok(oracle.len()));
            prop_assert_eq!(lp.len(), oracle.len());
        }
        let lp = lp.as_ref();
        prop_assert_eq!(lp.iter().map(Value::to_vec).collect::<Vec<_>>(), oracle.clone());
        prop_assert!(lp.iter().rev().map(Value::to_vec).eq(oracle.iter().rev().cloned()));
        for (i, t) in oracle.iter().enumerate() {
            let first = oracle.iter().position(|o| o == t).expect("it is there");
            prop_assert_eq!(lp.find(t), lp.seek(first as i64));
            let key = oracle.iter().step_by(2).position(|o| o == t);
            prop_assert_eq!(lp.find_key(t), key.and_then(|k| lp.seek(2 * k as i64)));
            prop_assert!(lp.at(i as i64).is_some_and(|v| v.is(t)));
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in vec(any::<u8>(), 8..200), len in any::<bool>()) {
        let mut bytes = bytes;
        if len {
            let n = bytes.len();
            bytes[..4].copy_from_slice(&(n as u32).to_le_bytes());
            bytes[n - 1] = 0xff;
        }
        let lp = spinel::types::packed::ListpackRef::new(&bytes);
        let forward = lp.iter().count();
        if validate(&bytes).is_ok() {
            prop_assert_eq!(forward, lp.iter().rev().count());
        }
        prop_assert!(lp.find(b"no such text in here").is_none());
    }
}
