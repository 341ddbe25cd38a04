//! The sorted sets, and sets, that ZUNION and its kin work on, and their options.

use crate::engine::{Args, Ctx, Error};
use crate::keyspace::{Key, Keys, Kind, Value as _};
use crate::types::packed::Value;
use crate::types::set::{Set, SetRef};
use crate::types::zset::{Zset, ZsetRef};
use crate::util::float::parse_f64;
use smallvec::SmallVec;

/// One operand. A set's members all have the score 1.
#[derive(Clone, Copy)]
pub enum Operand<'a> {
    Missing,
    Set(SetRef<'a>),
    Zset(ZsetRef<'a>),
}

impl<'a> Operand<'a> {
    pub fn len(self) -> usize {
        match self {
            Operand::Missing => 0,
            Operand::Set(set) => set.len(),
            Operand::Zset(set) => set.len(),
        }
    }

    pub fn score(self, member: Value<'_>) -> Option<f64> {
        match self {
            Operand::Missing => None,
            Operand::Set(set) => set.contains_value(member).then_some(1.0),
            Operand::Zset(set) => set.score(member.bytes(&mut itoa::Buffer::new())),
        }
    }

    /// Hands `f` members and scores while it returns true.
    pub fn walk(self, mut f: impl FnMut(Value<'a>, f64) -> bool) {
        match self {
            Operand::Missing => {}
            Operand::Set(set) => {
                let _ = set.iter().all(|member| f(member, 1.0));
            }
            Operand::Zset(set) => set.walk(0, false, f),
        }
    }
}

/// How scores of one member are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Aggregate {
    #[default]
    Sum,
    Min,
    Max,
}

impl Aggregate {
    /// COMPAT: infinities that cancel each other out make zero.
    pub fn join(self, a: f64, b: f64) -> f64 {
        match self {
            Aggregate::Sum => number(a + b),
            Aggregate::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Aggregate::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

/// The score, or zero if it is not a number: an infinite score with the weight zero.
pub fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// Which options a command takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Takes {
    pub weights: bool,
    pub scores: bool,
    pub limit: bool,
}

/// What stands behind the keys.
#[derive(Clone, Default, Debug)]
pub struct Options {
    /// Empty, or one for each key.
    weights: SmallVec<[f64; 8]>,
    pub aggregate: Aggregate,
    pub with_scores: bool,
    /// 0: no limit.
    pub limit: usize,
}

/// The keys of a command, each hashed once, and its options.
pub struct Request<'k> {
    keys: SmallVec<[Key<'k>; 8]>,
    pub options: Options,
}

impl<'k> Request<'k> {
    /// Reads `numkeys key [key ...]` and the options from argument `at` on, looking at the keys as a reading command
    /// does.
    pub fn read(
        ctx: &mut Ctx<'_>,
        args: &Args<'k>,
        at: usize,
        takes: Takes,
        name: &'static str,
    ) -> Result<Self, Error> {
        let numkeys = args.int(at)?;
        if numkeys < 1 {
            return Err(Error::text(format!("at least 1 input key is needed for '{name}' command")));
        }
        let numkeys = usize::try_from(numkeys).map_err(|_| Error::Syntax)?;
        let names = args.rest(at + 1).get(..numkeys).ok_or(Error::Syntax)?;
        let mut keys = SmallVec::with_capacity(numkeys);
        for name in names {
            let key = Key::with_hash(name, ctx.keys.space.hasher.hash(name));
            let kind = ctx.keys.read(key).map(|view| view.kind());
            if !matches!(kind, None | Some(Kind::Zset | Kind::Set)) {
                return Err(Error::WrongType);
            }
            keys.push(key);
        }
        let options = Options::parse(args, at + 1 + numkeys, numkeys, takes)?;
        Ok(Request { keys, options })
    }

    /// Borrows all operands at once, each with its weight.
    pub fn operands<'a>(&self, keys: &'a Keys<'_>) -> Vec<(Operand<'a>, f64)> {
        let operand = |key: Key<'_>| match keys.peek(key) {
            Some(view) if view.kind() == Kind::Zset => Operand::Zset(Zset::view(view, keys.now_ms())),
            Some(view) if view.kind() == Kind::Set => Operand::Set(Set::view(view, keys.now_ms())),
            _ => Operand::Missing,
        };
        let weight = |i: usize| self.options.weights.get(i).copied().unwrap_or(1.0);
        self.keys.iter().enumerate().map(|(i, key)| (operand(*key), weight(i))).collect()
    }
}

impl Options {
    fn parse(args: &Args<'_>, from: usize, numkeys: usize, takes: Takes) -> Result<Self, Error> {
        let mut o = Options::default();
        let mut i = from;
        while i < args.len() {
            let left = args.len() - i;
            if takes.weights && left > numkeys && args.is(i, "weights") {
                let weights = args.rest(i + 1).iter().take(numkeys);
                let weights: Option<_> = weights.map(|weight| parse_f64(weight)).collect();
                o.weights = weights.ok_or(Error::Plain("weight value is not a float"))?;
                i += numkeys + 1;
            } else if takes.weights && left >= 2 && args.is(i, "aggregate") {
                let named = [("sum", Aggregate::Sum), ("min", Aggregate::Min), ("max", Aggregate::Max)];
                let named = named.into_iter().find(|(name, _)| args.is(i + 1, name));
                o.aggregate = named.ok_or(Error::Syntax)?.1;
                i += 2;
            } else if takes.scores && args.is(i, "withscores") {
                o.with_scores = true;
                i += 1;
            } else if takes.limit && left >= 2 && args.is(i, "limit") {
                o.limit = args.natural(i + 1, Error::Plain("LIMIT can't be negative"))?;
                i += 2;
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(o)
    }
}
