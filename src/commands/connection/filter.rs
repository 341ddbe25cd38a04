//! Which clients CLIENT LIST shows and CLIENT KILL closes.

use crate::engine::client::Client;
use crate::engine::{Args, Error};
use crate::ids::{ClientId, UnixMs};
use crate::util::numbers::parse_i64;

/// A class of clients as TYPE names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Normal,
    Primary,
    Replica,
    PubSub,
}

impl Class {
    fn parse(name: &[u8]) -> Result<Self, Error> {
        match name.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Class::Normal),
            b"slave" | b"replica" => Ok(Class::Replica),
            b"pubsub" => Ok(Class::PubSub),
            b"master" | b"primary" => Ok(Class::Primary),
            _ => Err(Error::text(format!("Unknown client type '{}'", String::from_utf8_lossy(name)))),
        }
    }

    fn of(client: &Client) -> Self {
        if client.subs.any() { Class::PubSub } else { Class::Normal }
    }
}

/// Conditions that a client has to meet, all of them.
#[derive(Default)]
pub struct Filter {
    numbers: Vec<u64>,
    addr: Option<Vec<u8>>,
    laddr: Option<Vec<u8>>,
    class: Option<Class>,
    max_age_s: Option<i64>,
    pub skip_me: bool,
}

impl Filter {
    /// The old form of CLIENT KILL: an address and nothing else.
    pub fn address(addr: &[u8]) -> Self {
        Filter { addr: Some(addr.to_vec()), ..Filter::default() }
    }

    /// Reads the conditions from argument `from` on.
    pub fn parse(args: &Args<'_>, from: usize, skip_me: bool) -> Result<Self, Error> {
        let mut filter = Filter { skip_me, ..Filter::default() };
        let mut i = from;
        while i < args.len() {
            if args.is(i, "id") {
                i = filter.take_numbers(args, i + 1)?;
                continue;
            }
            let Some(value) = args.opt(i + 1) else { return Err(Error::Syntax) };
            match args.get(i).to_ascii_lowercase().as_slice() {
                b"maxage" => filter.max_age_s = Some(max_age(value)?),
                b"type" => filter.class = Some(Class::parse(value)?),
                b"addr" => filter.addr = Some(value.to_vec()),
                b"laddr" => filter.laddr = Some(value.to_vec()),
                b"user" if value == b"default" => {}
                b"user" => {
                    let name = String::from_utf8_lossy(value);
                    return Err(Error::text(format!("No such user '{name}'")));
                }
                b"skipme" if value.eq_ignore_ascii_case(b"yes") => filter.skip_me = true,
                b"skipme" if value.eq_ignore_ascii_case(b"no") => filter.skip_me = false,
                _ => return Err(Error::Syntax),
            }
            i += 2;
        }
        Ok(filter)
    }

    fn take_numbers(&mut self, args: &Args<'_>, mut i: usize) -> Result<usize, Error> {
        while let Some(number) = args.opt(i).and_then(parse_i64) {
            if number < 1 {
                return Err(Error::Plain("client-id should be greater than 0"));
            }
            self.numbers.push(number.unsigned_abs());
            i += 1;
        }
        Ok(i)
    }

    pub fn matches(&self, client: &Client, asker: ClientId, now_ms: UnixMs) -> bool {
        let same = |wanted: &Option<Vec<u8>>, is: &str| wanted.as_ref().is_none_or(|w| w == is.as_bytes());
        (self.numbers.is_empty() || self.numbers.contains(&client.number))
            && same(&self.addr, &client.addr)
            && same(&self.laddr, &client.laddr)
            && self.class.is_none_or(|class| class == Class::of(client))
            && self.max_age_s.is_none_or(|age| (now_ms - client.created_ms) / 1000 >= age)
            && !(self.skip_me && client.id == asker)
    }
}

fn max_age(value: &[u8]) -> Result<i64, Error> {
    let age = parse_i64(value).ok_or(Error::Plain("maxage is not an integer or out of range"))?;
    if age > 0 { Ok(age) } else { Err(Error::Plain("maxage should be greater than 0")) }
}
