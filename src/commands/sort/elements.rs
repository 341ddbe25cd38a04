//! The elements that are sorted, copied out of the list, set or sorted set: what they are weighed by lies elsewhere in
//! the key space.

use super::options::Options;
use crate::engine::{Ctx, Error};
use crate::keyspace::{Key, Kind, Value as _};
use crate::types::list::List;
use crate::types::packed::Value;
use crate::types::set::Set;
use crate::types::zset::Zset;

/// Texts in one allocation.
#[derive(Default)]
pub struct Texts {
    bytes: Vec<u8>,
}

/// Where a text lies among [`Texts`].
#[derive(Clone, Copy, Debug)]
pub struct Text {
    start: usize,
    end: usize,
}

impl Texts {
    pub fn add(&mut self, value: Value<'_>) -> Text {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value.bytes(&mut itoa::Buffer::new()));
        Text { start, end: self.bytes.len() }
    }

    pub fn get(&self, text: Text) -> &[u8] {
        &self.bytes[text.start..text.end]
    }
}

/// The elements at a key.
#[derive(Default)]
pub struct Elements {
    pub texts: Texts,
    pub all: Vec<Text>,
    /// The first and the number of those wanted.
    pub window: (usize, usize),
}

impl Elements {
    /// Copies the elements at a key, in their own order; where nothing is to be sorted, only those of the window. Makes
    /// of a set that is stored unsorted one sorted by bytes, so that everybody stores the same.
    pub fn load(ctx: &mut Ctx<'_>, key: Key<'_>, options: &mut Options<'_>) -> Result<Self, Error> {
        let mut elements = Elements::default();
        let now_ms = ctx.keys.now_ms();
        let Some(view) = ctx.keys.read(key) else { return Ok(elements) };
        let (texts, all) = (&mut elements.texts, &mut elements.all);
        match view.kind() {
            Kind::List => {
                let list = List::view(view, now_ms);
                let (len, (start, count)) = (list.len(), options.window(list.len()));
                elements.window = (start, count);
                if options.unsorted {
                    elements.window.0 = 0;
                    let from = if options.descending { (len - 1).saturating_sub(start) } else { start };
                    list.for_each_in(from, count, options.descending, |value| all.push(texts.add(value)));
                } else {
                    list.for_each_in(0, len, false, |value| all.push(texts.add(value)));
                }
            }
            Kind::Set => {
                if options.unsorted && options.store.is_some() {
                    (options.unsorted, options.alpha, options.by) = (false, true, None);
                }
                let set = Set::view(view, now_ms);
                elements.window = options.window(set.len());
                set.iter().for_each(|value| all.push(texts.add(value)));
            }
            Kind::Zset => {
                let set = Zset::view(view, now_ms);
                let (start, count) = options.window(set.len());
                elements.window = (start, count);
                if options.unsorted {
                    elements.window.0 = 0;
                    let from = if options.descending { set.len() - start - count } else { start };
                    set.for_each_in(from, count, options.descending, |value, _| all.push(texts.add(value)));
                } else {
                    set.for_each(|value, _| all.push(texts.add(value)));
                }
            }
            _ => return Err(Error::WrongType),
        }
        Ok(elements)
    }

    /// The wanted ones.
    pub fn wanted(&self) -> impl Iterator<Item = &[u8]> {
        let (start, count) = self.window;
        self.all.iter().skip(start).take(count).map(|text| self.texts.get(*text))
    }
}
