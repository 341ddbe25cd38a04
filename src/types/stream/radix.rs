//! How many nodes a radix tree over the stream's node IDs would have, path compression included: a figure that XINFO
//! shows and that only Redis' own structure has.

use super::id::StreamId;

/// Bytes of a key.
const DEPTH: i32 = 16;

/// Nodes of the tree over `ids`, which rise. O(ids).
pub(super) fn nodes(ids: impl Iterator<Item = StreamId>) -> u64 {
    let mut ids = ids.map(|id| u128::from_be_bytes(id.to_bytes()));
    let Some(mut last) = ids.next() else { return 1 };
    let mut count = 0;
    // Depths of the branches on the path to the last key, below a root that stands before the first byte.
    let mut path = vec![-1];
    let mut shared_before = -1;
    for id in ids {
        let shared = ((last ^ id).leading_zeros() / 8) as i32;
        count += subtree(DEPTH, shared_before.max(shared));
        close(&mut path, shared, &mut count);
        if path.last() != Some(&shared) {
            path.push(shared);
        }
        (last, shared_before) = (id, shared);
    }
    count += subtree(DEPTH, shared_before);
    close(&mut path, -1, &mut count);
    count
}

/// Ends the branches deeper than `depth`.
fn close(path: &mut Vec<i32>, depth: i32, count: &mut u64) {
    while let [.., below, branch] = path[..]
        && branch > depth
    {
        *count += subtree(branch, below.max(depth));
        path.pop();
    }
}

/// A leaf or branch at `depth` whose parent branches at `parent`: itself, and a compressed node for the bytes between
/// the parent's own and it.
fn subtree(depth: i32, parent: i32) -> u64 {
    1 + u64::from(depth > parent + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(ids: &[(u64, u64)]) -> u64 {
        nodes(ids.iter().map(|(ms, seq)| StreamId::new(*ms, *seq)))
    }

    #[test]
    fn small_trees() {
        assert_eq!(count(&[]), 1);
        assert_eq!(count(&[(1, 0)]), 2);
        // Seven shared bytes, a branch, and two tails of eight bytes.
        assert_eq!(count(&[(1, 0), (2, 0)]), 6);
        assert_eq!(count(&[(1, 0), (1, 1)]), 4);
        // A branch at the very first byte.
        assert_eq!(count(&[(1, 0), (1 << 60, 0)]), 5);
    }
}
