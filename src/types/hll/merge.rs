//! The union of several HyperLogLogs, for PFCOUNT of many keys and PFMERGE. Holds no key and no reference to what was
//! merged.

use super::value::{DATA, Encoding, HllError, data, empty, encoding, invalidate_cache, raise, to_dense};
use super::{REGISTERS, count, dense, sparse};

/// Registers at the maximum of all that were merged, a byte each (16 KB on the heap).
pub struct Union {
    registers: Box<[u8; REGISTERS]>,
    saw_dense: bool,
}

impl Default for Union {
    fn default() -> Self {
        Self::new()
    }
}

impl Union {
    pub fn new() -> Self {
        let registers = vec![0; REGISTERS].into_boxed_slice().try_into().expect("the vector has that length");
        Union { registers, saw_dense: false }
    }

    /// Takes `value` in. A missing key needs no call.
    ///
    /// # Errors
    /// `NotHll` for any other string; `Corrupted` when sparse opcodes do not cover the registers.
    pub fn merge(&mut self, value: &[u8]) -> Result<(), HllError> {
        match encoding(value)? {
            Encoding::Dense => {
                self.saw_dense = true;
                dense::merge_into(&mut self.registers, data(value));
            }
            Encoding::Sparse => {
                let whole = sparse::visit(data(value), |first, run| {
                    if run.value != 0 {
                        for register in &mut self.registers[first..first + run.len] {
                            *register = (*register).max(run.value);
                        }
                    }
                });
                if !whole {
                    return Err(HllError::Corrupted);
                }
            }
        }
        Ok(())
    }

    /// The estimated cardinality of the union.
    pub fn count(&self) -> u64 {
        let mut histogram = [0; 64];
        self.registers.iter().for_each(|register| histogram[usize::from(register & 63)] += 1);
        count::estimate(&histogram)
    }

    /// Writes the union over `dest`, the destination's old value (which must have been merged too) or `None` to start
    /// from an empty one. The result is dense if anything merged was, or when it no longer fits `sparse_max_bytes`.
    ///
    /// # Errors
    /// As `merge`, for `dest`.
    pub fn store(&self, dest: Option<Vec<u8>>, sparse_max_bytes: usize) -> Result<Vec<u8>, HllError> {
        let mut value = dest.unwrap_or_else(empty);
        encoding(&value)?;
        if self.saw_dense {
            to_dense(&mut value)?;
            dense::pack(&mut value[DATA..], &self.registers);
        } else {
            let mut cursor = sparse::Cursor::front(DATA);
            for (index, register) in self.registers.iter().enumerate().filter(|(_, register)| **register != 0)
            {
                raise(&mut value, &mut cursor, index, *register, sparse_max_bytes)?;
            }
        }
        invalidate_cache(&mut value);
        Ok(value)
    }
}
