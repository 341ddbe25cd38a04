//! How a command went on after its handler returned.

use super::args::OwnedArgs;
use super::copies::Copies;
use super::ctx::Ctx;
use super::spec::CmdResult;
use crate::ids::UnixMs;
use crate::keyspace::Kind;
use crate::resp::reply::Reply;

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
    /// What to run when a key is touched, where that is not the command as it came: XREAD's `$` means the end of the
    /// stream as it was when the waiting began.
    pub instead: Option<OwnedArgs>,
}

impl BlockOn {
    /// Waits for keys, to run the command as it came once more.
    pub fn keys(keys: &[&[u8]], deadline: Option<UnixMs>, reason: BlockReason) -> Self {
        BlockOn { keys: keys.iter().map(|key| Box::from(*key)).collect(), deadline, reason, instead: None }
    }

    /// Lets the client wait, or writes `nothing` where it may not.
    pub fn wait<'a>(self, ctx: &mut Ctx<'a>, nothing: fn(&mut Reply<'a>)) -> CmdResult {
        if ctx.env.must_not_block {
            nothing(&mut ctx.reply);
            return done();
        }
        Ok(Flow::Block(Box::new(self)))
    }
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
    /// Waits for no key but for the end of its walk over all of them.
    Walk,
    /// Waits for no key but for copies of what the client wrote.
    Copies(Copies),
    /// Waits for no key but for the end of a load that it asked for.
    Load,
}

impl BlockReason {
    /// Whether a touched key is worth running the command again: one of the type it waits for. Who waits for a group
    /// also has to hear that the key went, or is something else now.
    pub fn wakes_for(self, found: Option<Kind>) -> bool {
        match self {
            BlockReason::List => found == Some(Kind::List),
            BlockReason::ZSet => found == Some(Kind::Zset),
            BlockReason::Stream => found == Some(Kind::Stream),
            BlockReason::Group => true,
            BlockReason::Shutdown | BlockReason::Walk | BlockReason::Copies(_) | BlockReason::Load => false,
        }
    }
}

/// The ordinary end of a handler.
pub fn done() -> CmdResult {
    Ok(Flow::Done)
}
