//! Values of many elements, read some at a time: whoever waits while a file is loaded waits for no collection, however
//! big it is. Knows the loop over elements, not the elements.

use super::source::{Result, Source};
use super::value::ValueLimits;
use crate::keyspace::Object;

/// Elements read at once, and bytes after which it is fewer.
const ELEMENTS: u64 = 512;
const BYTES: u64 = 64 * 1024;

/// A collection that is being read.
pub trait Part {
    /// Reads one element.
    fn element(&mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<()>;

    /// Reads what follows the last element; the value, or none if it is an empty collection. Called once.
    fn end(&mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<Object>>;

    /// Reads some of `left` elements; how many are left then.
    fn some(&mut self, left: u64, source: &mut Source<'_>, limits: &ValueLimits) -> Result<u64> {
        let start = source.offset();
        for n in 0..left.min(ELEMENTS) {
            self.element(source, limits)?;
            if source.offset() - start >= BYTES {
                return Ok(left - n - 1);
            }
        }
        Ok(left.saturating_sub(ELEMENTS))
    }
}

/// A value as far as it was read.
pub enum Begun {
    /// All of it; none if it is an empty collection.
    Whole(Option<Object>),
    Open(Filling),
}

/// A collection that has elements to come.
pub struct Filling {
    part: Box<dyn Part>,
    left: u64,
}

impl Begun {
    /// Begins to read a collection: its length, for which `part` makes the place, and some of its elements.
    pub fn read<P: Part + 'static>(
        source: &mut Source<'_>,
        limits: &ValueLimits,
        part: impl FnOnce(u64) -> P,
    ) -> Result<Begun> {
        let len = source.length()?;
        let mut part = part(len);
        match part.some(len, source, limits)? {
            0 => part.end(source, limits).map(Begun::Whole),
            left => Ok(Begun::Open(Filling { part: Box::new(part), left })),
        }
    }

    /// Reads the rest in one go.
    pub fn finish(self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<Object>> {
        let mut begun = self;
        loop {
            match begun {
                Begun::Whole(object) => return Ok(object),
                Begun::Open(filling) => begun = filling.go_on(source, limits)?,
            }
        }
    }
}

impl Filling {
    /// Reads some more elements.
    pub fn go_on(mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<Begun> {
        self.left = self.part.some(self.left, source, limits)?;
        if self.left > 0 { Ok(Begun::Open(self)) } else { self.part.end(source, limits).map(Begun::Whole) }
    }
}
