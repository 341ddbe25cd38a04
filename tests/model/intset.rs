//! Intset against a BTreeSet.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use spinel::types::packed::{Intset, IntsetRef};

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![-20i64..20, any::<i16>().prop_map(i64::from), any::<i32>().prop_map(i64::from), any::<i64>()]
}

proptest! {
    #[test]
    fn intset_is_a_sorted_set(ops in vec((0u8..4, number()), 1..200)) {
        let (mut set, mut oracle) = (Intset::new(), BTreeSet::new());
        for (op, n) in ops {
            match op {
                0 | 1 => prop_assert_eq!(set.insert(n), oracle.insert(n)),
                2 => prop_assert_eq!(set.remove(n), oracle.remove(&n)),
                _ => prop_assert_eq!(set.as_ref().contains(n), oracle.contains(&n)),
            }
            prop_assert_eq!(IntsetRef::validated(set.bytes()).is_ok(), !oracle.is_empty());
        }
        prop_assert_eq!(set.len(), oracle.len());
        prop_assert!(set.as_ref().iter().eq(oracle.iter().copied()));
        for (i, n) in oracle.iter().enumerate() {
            prop_assert_eq!(set.as_ref().search(*n), Ok(i));
            prop_assert_eq!(set.as_ref().get(i), Some(*n));
        }
    }
}
