//! The families put together to the list the command table is made of.

use super::FAMILIES;
use crate::engine::Spec;

/// Every command of the server.
pub fn all() -> Vec<&'static Spec> {
    FAMILIES.concat()
}
