//! A HyperLogLog as a string value: header, cached cardinality, and the operations of PFADD, PFCOUNT and PFDEBUG. The
//! bytes may come from a client (SET, RESTORE), so nothing in them is believed unchecked.

use super::{REGISTERS, count as estimator, dense, hash, sparse};
use sparse::Cursor;
use std::fmt;

const MAGIC: &[u8] = b"HYLL";
const ENCODING_AT: usize = 4;
const CARD_AT: usize = 8;
/// Where the registers begin.
pub(super) const DATA: usize = 16;
const DENSE_LEN: usize = DATA + dense::DENSE_BYTES;
/// Set in the last byte of the cached cardinality while it is stale.
const STALE_BIT: u8 = 0x80;

/// Which of the two forms a value has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    Dense,
    Sparse,
}

impl Encoding {
    /// As PFDEBUG ENCODING spells it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Dense => "dense",
            Encoding::Sparse => "sparse",
        }
    }
}

/// Why bytes are no HyperLogLog. `Display` gives the whole error line of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HllError {
    /// No header of ours, or a dense value of the wrong length.
    NotHll,
    /// A header of ours over opcodes that do not describe 16384 registers.
    Corrupted,
}

impl fmt::Display for HllError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HllError::NotHll => "WRONGTYPE Key is not a valid HyperLogLog string value.",
            HllError::Corrupted => "INVALIDOBJ Corrupted HLL object detected",
        })
    }
}

/// A new value without elements, sparse, its cached cardinality marked stale as after PFADD.
pub fn empty() -> Vec<u8> {
    let mut value = Vec::with_capacity(DATA + 2);
    value.extend_from_slice(MAGIC);
    value.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, STALE_BIT]);
    sparse::push_zeros(&mut value, REGISTERS);
    value
}

/// Checks the header.
///
/// # Errors
/// `NotHll` when `value` is another string.
pub fn encoding(value: &[u8]) -> Result<Encoding, HllError> {
    if value.len() < DATA || !value.starts_with(MAGIC) {
        return Err(HllError::NotHll);
    }
    match value[ENCODING_AT] {
        0 if value.len() == DENSE_LEN => Ok(Encoding::Dense),
        1 => Ok(Encoding::Sparse),
        _ => Err(HllError::NotHll),
    }
}

/// What follows the header; the caller has checked it with `encoding`.
pub(super) fn data(value: &[u8]) -> &[u8] {
    value.get(DATA..).unwrap_or_default()
}

/// Adds elements and tells how many of them raised a register; if any did, the cached cardinality becomes stale. The
/// value goes dense when a run is too long for the sparse form or it would outgrow `sparse_max_bytes`. O(1) an
/// element when dense, O(length) when sparse.
///
/// # Errors
/// `NotHll`, with nothing done; `Corrupted`, elements before the one that hit the damage staying added.
pub fn add<'a>(
    value: &mut Vec<u8>,
    elements: impl IntoIterator<Item = &'a [u8]>,
    sparse_max_bytes: usize,
) -> Result<usize, HllError> {
    encoding(value)?;
    let mut raised = 0;
    for element in elements {
        let (index, run) = hash::register_and_run(element);
        raised += usize::from(raise(value, &mut Cursor::front(DATA), index, run, sparse_max_bytes)?);
    }
    if raised > 0 {
        invalidate_cache(value);
    }
    Ok(raised)
}

/// Raises one register of a value whose header was checked. A sparse value that changed has its cache marked stale.
pub(super) fn raise(
    value: &mut Vec<u8>,
    cursor: &mut Cursor,
    index: usize,
    run: u8,
    sparse_max_bytes: usize,
) -> Result<bool, HllError> {
    if value[ENCODING_AT] == 1 {
        if run <= sparse::VAL_MAX {
            match sparse::raise(value, cursor, index, run, sparse_max_bytes) {
                sparse::Edit::Kept => return Ok(false),
                sparse::Edit::Raised => {
                    invalidate_cache(value);
                    return Ok(true);
                }
                sparse::Edit::Corrupt => return Err(HllError::Corrupted),
                sparse::Edit::TooLong => {}
            }
        }
        to_dense(value)?;
    }
    Ok(dense::raise(&mut value[DATA..], index, run))
}

/// Marks the cached cardinality stale.
pub fn invalidate_cache(value: &mut [u8]) {
    if let Some(last) = value.get_mut(DATA - 1) {
        *last |= STALE_BIT;
    }
}

/// What PFCOUNT of one key found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counted {
    pub cardinality: u64,
    /// The cached cardinality was stale and is to be written back with `remember`: a change of the value that has to
    /// be propagated.
    pub refreshed: bool,
}

impl Counted {
    /// Writes a refreshed cardinality into the value it was counted from.
    pub fn remember(self, value: &mut [u8]) {
        if let Some(card) = value.get_mut(CARD_AT..DATA) {
            card.copy_from_slice(&self.cardinality.to_le_bytes());
        }
    }
}

/// The estimated cardinality, from the cache when it is fresh.
///
/// # Errors
/// `NotHll`, `Corrupted`.
pub fn count(value: &[u8]) -> Result<Counted, HllError> {
    let form = encoding(value)?;
    let card = value[CARD_AT..DATA].try_into().expect("eight bytes");
    if value[DATA - 1] & STALE_BIT == 0 {
        return Ok(Counted { cardinality: u64::from_le_bytes(card), refreshed: false });
    }
    Ok(Counted { cardinality: estimate(value, form)?, refreshed: true })
}

/// The estimate itself, past the cache.
pub(super) fn estimate(value: &[u8], form: Encoding) -> Result<u64, HllError> {
    let mut histogram = [0; 64];
    match form {
        Encoding::Dense => dense::histogram(data(value), &mut histogram),
        Encoding::Sparse => {
            if !sparse::visit(data(value), |_, run| histogram[usize::from(run.value)] += run.len as u32) {
                return Err(HllError::Corrupted);
            }
        }
    }
    Ok(estimator::estimate(&histogram))
}

/// Turns the value dense; true when it was sparse.
///
/// # Errors
/// `NotHll`, `Corrupted`; the value is unchanged then.
pub fn to_dense(value: &mut Vec<u8>) -> Result<bool, HllError> {
    if encoding(value)? == Encoding::Dense {
        return Ok(false);
    }
    let mut dense_value = Vec::with_capacity(DENSE_LEN);
    dense_value.extend_from_slice(&value[..DATA]);
    dense_value[ENCODING_AT] = 0;
    dense_value.resize(DENSE_LEN, 0);
    let whole = sparse::visit(data(value), |first, run| {
        if run.value != 0 {
            (first..first + run.len).for_each(|index| dense::set(&mut dense_value[DATA..], index, run.value));
        }
    });
    if !whole {
        return Err(HllError::Corrupted);
    }
    *value = dense_value;
    Ok(true)
}

/// The registers in order, of a dense value (PFDEBUG GETREG turns it dense first).
///
/// # Errors
/// `NotHll`; `Corrupted` when the value is sparse.
pub fn registers(value: &[u8]) -> Result<impl Iterator<Item = u8> + '_, HllError> {
    match encoding(value)? {
        Encoding::Dense => Ok((0..REGISTERS).map(|index| dense::get(data(value), index))),
        Encoding::Sparse => Err(HllError::Corrupted),
    }
}

/// The opcodes of a sparse value as PFDEBUG DECODE lists them (`z:`, `Z:`, `v:`); `None` for a dense one.
///
/// # Errors
/// `NotHll`.
pub fn decode_sparse(value: &[u8]) -> Result<Option<String>, HllError> {
    if encoding(value)? == Encoding::Dense {
        return Ok(None);
    }
    let listing: Vec<String> = sparse::runs(data(value))
        .map(|run| match run.value {
            0 => format!("{}:{}", if run.wide { 'Z' } else { 'z' }, run.len),
            value => format!("v:{value},{}", run.len),
        })
        .collect();
    Ok(Some(listing.join(" ")))
}
