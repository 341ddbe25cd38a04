//! Streams: an append-only log of entries in packed nodes, and the consumer groups that read it. Times come from the
//! caller; knows no key, no client and no reply.

mod claim;
mod deliver;
mod group;
mod id;
mod index;
mod log;
mod marks;
mod node;
mod radix;
mod range;
mod trim;
mod whole;

pub use claim::{Claim, Claimed, Sweep, delivery_time};
pub use deliver::Delivery;
pub use group::{Consumer, ConsumerId, Group, Nack, Pending};
pub use id::{AddId, BoundError, IdText, StreamId};
pub use log::{AddError, Log, NodeLimits, SetIdError};
pub use marks::Marks;
pub use node::{Entry, Fields, Pair};
pub use range::{PinnedNode, Range};
pub use trim::{Keep, Trim};
pub use whole::Stream;
