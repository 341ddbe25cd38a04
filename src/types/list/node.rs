//! One node of a list: a listpack, a single element too large to be packed, or either of them compressed; or, away
//! from the ends, entries in the dense form in a buffer that several nodes share. Contents are shared with readers
//! that still stream them: a writer copies what somebody else holds. Must not know its neighbours.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use crate::types::packed::{Listpack, ListpackRef, Run, Value, dense};
use crate::util::lzf::{Compressor, decompress};

/// Smaller nodes are not worth compressing.
const MIN_COMPRESS: usize = 48;
/// What compressing must save at least.
const MIN_SAVING: usize = 8;

thread_local! {
    /// The compressor's table is large and worth keeping; without `list-compress-depth` it is never made.
    static COMPRESSOR: RefCell<Compressor> = RefCell::new(Compressor::new());
}

#[derive(Clone, Debug)]
enum Form {
    Packed(Arc<Listpack>),
    Plain(Arc<Vec<u8>>),
    Squeezed(Arc<Squeezed>),
    Dense(Part),
}

/// A node's part of a buffer. The buffer goes with the last node or reader that refers to it.
#[derive(Clone, Debug)]
struct Part {
    buffer: Arc<Box<[u8]>>,
    start: u32,
    len: u32,
}

impl Part {
    fn bytes(&self) -> &[u8] {
        let bytes = self.buffer.get(self.start as usize..).unwrap_or_default();
        bytes.get(..self.len as usize).unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
struct Squeezed {
    lzf: Box<[u8]>,
    /// Bytes before compression.
    raw: usize,
    plain: bool,
}

impl Squeezed {
    fn inflate(&self) -> Vec<u8> {
        let mut raw = Vec::with_capacity(self.raw);
        decompress(&self.lzf, self.raw, &mut raw).expect("compressed by this program");
        raw
    }
}

/// A node's content, held for as long as a reader wants it: later edits of the list do not show in it.
#[derive(Clone, Debug)]
pub enum Leaf {
    Packed(Arc<Listpack>),
    Plain(Arc<Vec<u8>>),
}

impl Leaf {
    pub fn view(&self) -> NodeView<'_> {
        match self {
            Leaf::Packed(lp) => NodeView::Packed(Cow::Borrowed(lp.bytes())),
            Leaf::Plain(bytes) => NodeView::Plain(Cow::Borrowed(bytes)),
        }
    }
}

/// A node's content, uncompressed.
#[derive(Clone, Debug)]
pub enum NodeView<'a> {
    /// A listpack of at least one element.
    Packed(Cow<'a, [u8]>),
    /// One element.
    Plain(Cow<'a, [u8]>),
    /// At least one element in the dense form.
    Dense(&'a [u8]),
}

impl NodeView<'_> {
    /// The elements from `offset` on, or from `offset` back to the first, while `f` asks for more.
    pub(super) fn walk(&self, offset: usize, reverse: bool, mut f: impl FnMut(Value<'_>) -> bool) -> bool {
        let bytes = match self {
            NodeView::Plain(bytes) => return f(Value::Str(bytes)),
            NodeView::Dense(bytes) => return walk_dense(bytes, offset, reverse, f),
            NodeView::Packed(bytes) => bytes,
        };
        let lp = ListpackRef::new(bytes);
        if !reverse {
            let start = if offset == 0 { lp.first() } else { lp.seek(offset as i64) };
            return start.is_none_or(|pos| lp.iter_from(pos).all(f));
        }
        let Some(mut pos) = lp.seek(offset as i64) else { return true };
        loop {
            if !lp.get(pos).is_none_or(&mut f) {
                return false;
            }
            match lp.prev(pos) {
                Some(prev) => pos = prev,
                None => return true,
            }
        }
    }
}

/// The same in the dense form, which is read forwards only: backwards, positions are gathered first.
fn walk_dense(bytes: &[u8], offset: usize, reverse: bool, mut f: impl FnMut(Value<'_>) -> bool) -> bool {
    let run = Run::Dense(bytes);
    let mut entries = run.iter();
    if !reverse {
        return entries.pass_over(offset).is_none() || entries.all(f);
    }
    let mut positions = Vec::with_capacity(offset + 1);
    for _ in 0..=offset {
        positions.push(entries.pos());
        if entries.pass_over(1).is_none() {
            return true;
        }
    }
    positions.into_iter().rev().all(|pos| run.iter_from(pos).next().is_none_or(&mut f))
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    form: Form,
    /// Number of elements, at least one while in a list.
    count: u32,
    /// Uncompressed bytes, at most; kept here so that looking for room needs no visit to the content.
    size: u32,
}

impl Node {
    pub(super) fn packed(lp: Listpack) -> Node {
        let mut node = Node { count: 0, size: 0, form: Form::Packed(Arc::new(lp)) };
        node.measure();
        node
    }

    pub(super) fn plain(bytes: Vec<u8>) -> Node {
        let mut node = Node { count: 1, size: 0, form: Form::Plain(Arc::new(bytes)) };
        node.measure();
        node
    }

    /// A node for one new element of any length.
    pub(super) fn with_element(text: &[u8], large: bool) -> Node {
        if large {
            return Node::plain(text.to_vec());
        }
        let mut lp = Listpack::with_capacity(text.len() + 2);
        lp.append_text(text);
        Node::packed(lp)
    }

    fn measure(&mut self) {
        let (size, count) = match &self.form {
            Form::Packed(lp) => (lp.bytes().len(), lp.len()),
            Form::Plain(bytes) => (bytes.len(), 1),
            Form::Squeezed(_) | Form::Dense(_) => return,
        };
        self.size = u32::try_from(size).unwrap_or(u32::MAX);
        self.count = u32::try_from(count).unwrap_or(u32::MAX);
    }

    #[inline]
    pub(super) fn count(&self) -> usize {
        self.count as usize
    }

    #[inline]
    pub(super) fn size(&self) -> usize {
        self.size as usize
    }

    pub(super) fn is_plain(&self) -> bool {
        match &self.form {
            Form::Packed(_) | Form::Dense(_) => false,
            Form::Plain(_) => true,
            Form::Squeezed(s) => s.plain,
        }
    }

    /// Compressed size and size before, if the node is compressed.
    pub(super) fn compressed(&self) -> Option<(usize, usize)> {
        match &self.form {
            Form::Squeezed(s) => Some((s.lzf.len(), s.raw)),
            _ => None,
        }
    }

    /// Bytes allocated for the content.
    pub(super) fn memory(&self) -> usize {
        const ARC: usize = 2 * size_of::<usize>();
        match &self.form {
            Form::Packed(lp) => lp.capacity() + size_of::<Listpack>() + ARC,
            Form::Plain(bytes) => bytes.capacity() + size_of::<Vec<u8>>() + ARC,
            Form::Squeezed(s) => s.lzf.len() + size_of::<Squeezed>() + ARC,
            Form::Dense(part) => part.len as usize,
        }
    }

    pub(super) fn view(&self) -> NodeView<'_> {
        match &self.form {
            Form::Packed(lp) => NodeView::Packed(Cow::Borrowed(lp.bytes())),
            Form::Plain(bytes) => NodeView::Plain(Cow::Borrowed(bytes)),
            Form::Dense(part) => NodeView::Dense(part.bytes()),
            Form::Squeezed(s) if s.plain => NodeView::Plain(Cow::Owned(s.inflate())),
            Form::Squeezed(s) => NodeView::Packed(Cow::Owned(s.inflate())),
        }
    }

    /// The content, to be kept.
    pub(super) fn leaf(&self) -> Leaf {
        match &self.form {
            Form::Packed(lp) => Leaf::Packed(lp.clone()),
            Form::Plain(bytes) => Leaf::Plain(bytes.clone()),
            Form::Dense(part) => Leaf::Packed(Arc::new(dense::restore(part.bytes()))),
            Form::Squeezed(s) if s.plain => Leaf::Plain(Arc::new(s.inflate())),
            Form::Squeezed(s) => Leaf::Packed(Arc::new(Listpack::from_trusted(s.inflate()))),
        }
    }

    /// Edits the listpack of a packed node, making it one again before if need be; a plain node is left alone.
    #[inline]
    pub(super) fn edit<R>(&mut self, f: impl FnOnce(&mut Listpack) -> R) -> Option<R> {
        self.uncompress();
        self.part();
        let Form::Packed(lp) = &mut self.form else { return None };
        let result = f(Arc::make_mut(lp));
        self.measure();
        Some(result)
    }

    /// Takes the listpack out of a packed node.
    pub(super) fn into_listpack(mut self) -> Option<Listpack> {
        self.uncompress();
        self.part();
        match self.form {
            Form::Packed(lp) => Some(Arc::unwrap_or_clone(lp)),
            _ => None,
        }
    }

    pub(super) fn uncompress(&mut self) {
        if let Form::Squeezed(s) = &self.form {
            let raw = s.inflate();
            self.form = if s.plain {
                Form::Plain(Arc::new(raw))
            } else {
                Form::Packed(Arc::new(Listpack::from_trusted(raw)))
            };
        }
    }

    /// Compresses the content if that saves anything.
    pub(super) fn compress(&mut self) {
        let (raw, plain) = match &self.form {
            Form::Packed(lp) => (lp.bytes(), false),
            Form::Plain(bytes) => (bytes.as_slice(), true),
            Form::Squeezed(_) | Form::Dense(_) => return,
        };
        if raw.len() < MIN_COMPRESS {
            return;
        }
        let mut lzf = Vec::new();
        let limit = raw.len() - MIN_SAVING - 1;
        if COMPRESSOR.with_borrow_mut(|compressor| compressor.compress(raw, limit, &mut lzf)) {
            let squeezed = Squeezed { lzf: lzf.into_boxed_slice(), raw: raw.len(), plain };
            self.form = Form::Squeezed(Arc::new(squeezed));
        }
    }

    /// Gives back unused capacity: nobody will append to this node soon.
    pub(super) fn seal(&mut self) {
        if let Form::Packed(lp) = &mut self.form
            && let Some(lp) = Arc::get_mut(lp)
        {
            lp.shrink();
        }
    }

    /// Whether the content is a listpack of its own.
    pub(super) fn is_listpack(&self) -> bool {
        matches!(self.form, Form::Packed(_))
    }

    /// Lays the listpacks of these nodes into one buffer, in the dense form. O(elements).
    pub(super) fn share_buffer(nodes: &mut [Node]) {
        let mut buffer = Vec::with_capacity(nodes.iter().map(Node::size).sum());
        let mut ends = Vec::with_capacity(nodes.len());
        for node in nodes.iter() {
            if let Form::Packed(lp) = &node.form {
                dense::condense(lp.as_ref().as_ref(), &mut buffer);
            }
            ends.push(buffer.len() as u32);
        }
        let (buffer, mut start) = (Arc::new(buffer.into_boxed_slice()), 0);
        for (node, end) in nodes.iter_mut().zip(ends) {
            if node.is_listpack() {
                node.form = Form::Dense(Part { buffer: Arc::clone(&buffer), start, len: end - start });
            }
            start = end;
        }
    }

    /// Gives a node in a shared buffer a listpack of its own again.
    fn part(&mut self) {
        if let Form::Dense(part) = &self.form {
            self.form = Form::Packed(Arc::new(dense::restore(part.bytes())));
        }
    }
}
