//! Sorting only as much as a page of results needs, with equal elements in the order in which Redis' own
//! partial quicksort leaves them: clients see that order. Knows nothing of what it sorts.

use std::cmp::Ordering;

/// Sorts `items` at least so far that those from index `first` to `last` (both included) are where a whole
/// sort would put them. This is the quicksort of Bentley and McIlroy, leaving out parts that lie outside; it
/// is not stable. O(n + k log k) for k wanted of n, quadratic on inputs made to be.
pub fn partial_sort<T>(items: &mut [T], first: usize, last: usize, cmp: impl Fn(&T, &T) -> Ordering) {
    // A stack of our own: an input made to be quadratic would recurse as deep as it is long.
    let mut parts = vec![(0, items.len())];
    while let Some((start, end)) = parts.pop() {
        if end - start < 2 || last < start || first >= end {
            continue;
        }
        let (less, greater) = partition(&mut items[start..end], &cmp);
        parts.push((end - greater, end));
        parts.push((start, start + less));
    }
}

/// Orders `items` around one of them, and tells how many at the front are less than it and how many at the
/// end greater; both 0 when a short slice was sorted outright.
fn partition<T>(items: &mut [T], cmp: &impl Fn(&T, &T) -> Ordering) -> (usize, usize) {
    let len = items.len();
    if len < 7 {
        for i in 1..len {
            for j in (1..=i).rev() {
                if cmp(&items[j - 1], &items[j]).is_le() {
                    break;
                }
                items.swap(j, j - 1);
            }
        }
        return (0, 0);
    }
    let pivot = pivot(items, cmp);
    items.swap(0, pivot);
    // Equal ones gather at both ends: [equal, less, unseen, greater, equal].
    let (mut equal, mut low) = (1, 1);
    let (mut high, mut equal_high) = (len, len);
    loop {
        while low < high {
            match cmp(&items[low], &items[0]) {
                Ordering::Greater => break,
                Ordering::Equal => {
                    items.swap(equal, low);
                    equal += 1;
                }
                Ordering::Less => {}
            }
            low += 1;
        }
        while low < high {
            match cmp(&items[high - 1], &items[0]) {
                Ordering::Less => break,
                Ordering::Equal => {
                    equal_high -= 1;
                    items.swap(high - 1, equal_high);
                }
                Ordering::Greater => {}
            }
            high -= 1;
        }
        if low >= high {
            break;
        }
        items.swap(low, high - 1);
        low += 1;
        high -= 1;
    }
    let (less, greater) = (low - equal, equal_high - high);
    swap_runs(items, 0, low, equal.min(less));
    swap_runs(items, low, len, greater.min(len - equal_high));
    (less, greater)
}

/// Swaps the `count` items from `start` with those before `end`.
fn swap_runs<T>(items: &mut [T], start: usize, end: usize, count: usize) {
    for i in 0..count {
        items.swap(start + i, end - count + i);
    }
}

/// The middle item, or the median of three, or of three medians, as the slice grows.
fn pivot<T>(items: &[T], cmp: &impl Fn(&T, &T) -> Ordering) -> usize {
    let (len, mut middle) = (items.len(), items.len() / 2);
    let median = |a: usize, b: usize, c: usize| {
        let less = |x: usize, y: usize| cmp(&items[x], &items[y]).is_lt();
        if less(a, b) {
            if less(b, c) {
                b
            } else if less(a, c) {
                c
            } else {
                a
            }
        } else if cmp(&items[b], &items[c]).is_gt() {
            b
        } else if less(a, c) {
            a
        } else {
            c
        }
    };
    if len > 7 {
        let (mut low, mut high) = (0, len - 1);
        if len > 40 {
            let d = len / 8;
            low = median(low, low + d, low + 2 * d);
            middle = median(middle - d, middle, middle + d);
            high = median(high - 2 * d, high - d, high);
        }
        middle = median(low, middle, high);
    }
    middle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize, distinct: u64) -> Vec<(u64, usize)> {
        let mut state = 1u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        (0..len).map(|i| (next() % distinct, i)).collect()
    }

    #[test]
    fn the_wanted_part_is_in_place() {
        for len in [0, 1, 2, 6, 7, 8, 39, 41, 500] {
            for distinct in [1, 3, 1000] {
                let mut sorted = noise(len, distinct);
                sorted.sort_unstable();
                for (first, last) in [(0, 0), (0, len / 3), (len / 3, len / 2), (0, len)] {
                    let mut part = noise(len, distinct);
                    partial_sort(&mut part, first, last, |a, b| a.0.cmp(&b.0));
                    for i in first..=last.min(len.max(1) - 1) {
                        assert_eq!(
                            part.get(i).map(|x| x.0),
                            sorted.get(i).map(|x| x.0),
                            "{len} {first} {last}"
                        );
                    }
                    part.sort_unstable();
                    assert_eq!(part, sorted);
                }
            }
        }
    }
}
