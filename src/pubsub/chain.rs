//! Doubly linked lists through the nodes of an array, so that a node leaves the middle of a list in O(1) and the order
//! of arrival stays. Knows nothing of what the nodes are.

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// A node's neighbours in one list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    prev: u32,
    next: u32,
}

impl Default for Cell {
    fn default() -> Cell {
        Cell { prev: NONE, next: NONE }
    }
}

/// A node that can be in one list of each kind `which`.
pub(super) trait Node {
    fn cell(&self, which: usize) -> Cell;
    fn cell_mut(&mut self, which: usize) -> &mut Cell;
}

/// The ends of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    first: u32,
    last: u32,
    count: u32,
}

impl Default for List {
    fn default() -> List {
        List { first: NONE, last: NONE, count: 0 }
    }
}

impl List {
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    pub(super) fn first(&self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }

    /// Appends a node that is in no list of this kind.
    pub(super) fn push<N: Node>(&mut self, nodes: &mut [N], which: usize, at: u32) {
        *nodes[at as usize].cell_mut(which) = Cell { prev: self.last, next: NONE };
        match self.last {
            NONE => self.first = at,
            last => nodes[last as usize].cell_mut(which).next = at,
        }
        self.last = at;
        self.count += 1;
    }

    /// Takes out a node that is in this list.
    pub(super) fn remove<N: Node>(&mut self, nodes: &mut [N], which: usize, at: u32) {
        let Cell { prev, next } = std::mem::take(nodes[at as usize].cell_mut(which));
        match prev {
            NONE => self.first = next,
            prev => nodes[prev as usize].cell_mut(which).next = next,
        }
        match next {
            NONE => self.last = prev,
            next => nodes[next as usize].cell_mut(which).prev = prev,
        }
        self.count -= 1;
    }

    pub(super) fn iter<'a, N: Node>(
        &self,
        nodes: &'a [N],
        which: usize,
    ) -> impl Iterator<Item = (u32, &'a N)> + use<'a, N> {
        let mut at = self.first;
        std::iter::from_fn(move || {
            let here = at;
            let node = nodes.get(here as usize)?;
            at = node.cell(which).next;
            Some((here, node))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Plain([Cell; 2]);

    impl Node for Plain {
        fn cell(&self, which: usize) -> Cell {
            self.0[which]
        }

        fn cell_mut(&mut self, which: usize) -> &mut Cell {
            &mut self.0[which]
        }
    }

    #[test]
    fn order_survives_removal_anywhere() {
        let mut nodes: Vec<Plain> = (0..5).map(|_| Plain::default()).collect();
        let (mut list, mut other) = (List::default(), List::default());
        for at in [3, 0, 4, 1, 2] {
            list.push(&mut nodes, 0, at);
            other.push(&mut nodes, 1, 4 - at);
        }
        let order = |list: &List, nodes: &[Plain], which| {
            list.iter(nodes, which).map(|(at, _)| at).collect::<Vec<_>>()
        };
        list.remove(&mut nodes, 0, 4);
        assert_eq!(order(&list, &nodes, 0), [3, 0, 1, 2]);
        list.remove(&mut nodes, 0, 3);
        list.remove(&mut nodes, 0, 2);
        assert_eq!((order(&list, &nodes, 0), list.len(), list.first()), (vec![0, 1], 2, Some(0)));
        list.push(&mut nodes, 0, 3);
        assert_eq!(order(&list, &nodes, 0), [0, 1, 3]);
        [0, 1, 3].into_iter().for_each(|at| list.remove(&mut nodes, 0, at));
        assert_eq!((list.len(), list.first()), (0, None));
        assert_eq!(order(&other, &nodes, 1), [1, 4, 0, 3, 2]);
    }
}
