//! How a command went on after its handler returned.

use crate::ids::UnixMs;

/// What the machine does after a handler.
#[derive(Debug)]
pub enum Flow {
    /// The reply is complete.
    Done,
    /// The client waits for one of these keys; the same command is run again when one is touched.
    Block(Box<BlockOn>),
}

/// What a blocking command waits for.
#[derive(Debug)]
pub struct BlockOn {
    pub keys: Vec<Box<[u8]>>,
    /// `None` waits for ever.
    pub deadline: Option<UnixMs>,
    pub reason: BlockReason,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockReason {
    List,
    ZSet,
    Stream,
    /// XREADGROUP: is also woken when the key is deleted or changes its type.
    Group,
    /// Waits for no key but for the end of the server.
    Shutdown,
}

/// The ordinary end of a handler.
pub fn done() -> super::spec::CmdResult {
    Ok(Flow::Done)
}
