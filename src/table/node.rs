//! A key and a value of bytes in one allocation. Owns its layout; must not know of tables.
//!
//! Layout: varint of twice the key's length, plus one if there is a value; then, if so, varint of the value's
//! length; key; value. So a member of a set costs one byte beside its own, a field of a hash two.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::ptr::NonNull;

/// An owned key with a value, in 8 bytes on the stack and one exactly sized allocation.
pub struct Node(NonNull<u8>);

// SAFETY: a node owns its allocation of plain bytes; threads have no part in it.
unsafe impl Send for Node {}
// SAFETY: through a shared node its bytes can only be read.
unsafe impl Sync for Node {}

/// Where key and value lie in a node.
struct Extent {
    key: usize,
    value: usize,
    end: usize,
}

impl Node {
    /// A node of copies of both.
    pub fn new(key: &[u8], value: &[u8]) -> Node {
        let extent = extent(key.len(), value.len());
        let layout = layout(extent.end);
        // SAFETY: the size is not zero: there is a header byte at least.
        let at = unsafe { alloc(layout) };
        let Some(start) = NonNull::new(at) else { handle_alloc_error(layout) };
        // SAFETY: `extent` computed the allocation's size as header, key and value in this order.
        unsafe {
            let value_at = write_varint(start, key.len() * 2 + usize::from(!value.is_empty()));
            if !value.is_empty() {
                write_varint(value_at, value.len());
            }
            start.add(extent.key).copy_from_nonoverlapping(NonNull::from(key).cast(), key.len());
            start.add(extent.value).copy_from_nonoverlapping(NonNull::from(value).cast(), value.len());
        }
        Node(start)
    }

    /// The key's bytes.
    #[inline]
    pub fn key(&self) -> &[u8] {
        self.parts().0
    }

    /// The value's bytes, of which there may be none.
    #[inline]
    pub fn value(&self) -> &[u8] {
        self.parts().1
    }

    /// Key and value.
    #[inline]
    pub fn parts(&self) -> (&[u8], &[u8]) {
        // SAFETY: this node is alive as long as the slices.
        unsafe { parts_at(self.0) }
    }

    /// The value, to overwrite it by one of the same length.
    pub fn value_mut(&mut self) -> &mut [u8] {
        let extent = self.extent();
        // SAFETY: the value's bytes lie there, and this node is borrowed mutably as long as the slice.
        unsafe {
            std::slice::from_raw_parts_mut(self.0.as_ptr().add(extent.value), extent.end - extent.value)
        }
    }

    /// Bytes of the allocation as they were asked for.
    pub fn bytes(&self) -> usize {
        self.extent().end
    }

    fn extent(&self) -> Extent {
        // SAFETY: this node is alive.
        unsafe { extent_at(self.0) }
    }

    /// Gives up ownership; [`Node::from_raw`] takes it on again.
    pub(super) fn into_raw(self) -> NonNull<u8> {
        std::mem::ManuallyDrop::new(self).0
    }

    /// # Safety
    /// `raw` came from [`Node::into_raw`], and no other node was made of it since.
    pub(super) unsafe fn from_raw(raw: NonNull<u8>) -> Node {
        Node(raw)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let layout = layout(self.bytes());
        // SAFETY: `new` allocated it with this layout, which header and lengths still tell.
        unsafe { dealloc(self.0.as_ptr(), layout) };
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = self.parts();
        write!(f, "{} => {}", key.escape_ascii(), value.escape_ascii())
    }
}

/// Key and value of a node.
///
/// # Safety
/// `at` is a node's address, and the node is neither dropped nor changed as long as the slices live.
#[inline]
pub(super) unsafe fn parts_at<'a>(at: NonNull<u8>) -> (&'a [u8], &'a [u8]) {
    // SAFETY: the caller vouches for the node; the extent is where `new` put key and value.
    unsafe {
        let extent = extent_at(at);
        let start = at.as_ptr().cast_const();
        (
            std::slice::from_raw_parts(start.add(extent.key), extent.value - extent.key),
            std::slice::from_raw_parts(start.add(extent.value), extent.end - extent.value),
        )
    }
}

/// # Safety
/// `at` is the address of a live node.
#[inline]
unsafe fn extent_at(at: NonNull<u8>) -> Extent {
    // SAFETY: a node begins with the varints that `new` wrote.
    let (first, after) = unsafe { read_varint(at) };
    let key_len = first / 2;
    let (value_len, key_at) = if first % 2 == 0 {
        (0, after)
    } else {
        // SAFETY: the first header's low bit says that a second one follows.
        unsafe { read_varint(after) }
    };
    let key = key_at.addr().get() - at.addr().get();
    Extent { key, value: key + key_len, end: key + key_len + value_len }
}

fn extent(key_len: usize, value_len: usize) -> Extent {
    let mut key = varint_len(key_len * 2 + 1);
    if value_len > 0 {
        key += varint_len(value_len);
    }
    Extent { key, value: key + key_len, end: key + key_len + value_len }
}

/// Bytes of a node with a key and a value of these lengths.
pub(super) fn bytes_of(key_len: usize, value_len: usize) -> usize {
    extent(key_len, value_len).end
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 1).expect("slices in memory are shorter than isize::MAX together")
}

fn varint_len(value: usize) -> usize {
    (value.max(1).ilog2() as usize) / 7 + 1
}

/// # Safety
/// There is room for the varint at `at`; the address after it is returned.
unsafe fn write_varint(mut at: NonNull<u8>, mut value: usize) -> NonNull<u8> {
    loop {
        let more = value >= 0x80;
        // SAFETY: the caller vouches for room.
        unsafe {
            at.write(value as u8 & 0x7f | if more { 0x80 } else { 0 });
            at = at.add(1);
        }
        if !more {
            return at;
        }
        value >>= 7;
    }
}

/// # Safety
/// A varint was written at `at`; it and the address after it are returned.
#[inline]
unsafe fn read_varint(mut at: NonNull<u8>) -> (usize, NonNull<u8>) {
    let (mut value, mut shift) = (0usize, 0);
    loop {
        // SAFETY: the varint's last byte, without its top bit, has not been passed.
        let byte = unsafe {
            let byte = at.read();
            at = at.add(1);
            byte
        };
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (value, at);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_keep_both_at_every_header_length() {
        for key_len in [0, 1, 16, 63, 64, 65, 8191, 8192, 70_000] {
            for value_len in [0, 1, 127, 128, 16_383, 16_384, 100_000] {
                let key = vec![b'k'; key_len];
                let value: Vec<u8> = (0..value_len).map(|i| i as u8).collect();
                let mut node = Node::new(&key, &value);
                assert_eq!(node.parts(), (&key[..], &value[..]));
                let header = node.bytes() - key_len - value_len;
                assert_eq!(
                    header,
                    varint_len(key_len * 2) + if value_len > 0 { varint_len(value_len) } else { 0 }
                );
                node.value_mut().fill(9);
                assert!(node.value().iter().all(|&byte| byte == 9) && node.key() == key);
                // SAFETY: the address comes from the node that was just given up.
                let again = unsafe { Node::from_raw(node.into_raw()) };
                assert_eq!(again.value().len(), value_len);
            }
        }
    }

    #[test]
    fn a_short_member_costs_one_byte_more() {
        assert_eq!(Node::new(b"member:000000000001", b"").bytes(), 20);
        assert_eq!(Node::new(b"field:000000000001", b"0123456789abc").bytes(), 33);
    }
}
