//! What the commands that search an area are told: where, how far, how many, in which order, and what to answer.

use crate::engine::{Args, Error};
use crate::types::geo::{Length, Point, Search, Shape, decode_score};
use crate::types::zset::ZsetRef;
use crate::util::float::parse_f64;

/// Which of the commands is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// GEORADIUS: a position, before the options.
    Radius,
    /// GEORADIUSBYMEMBER: a member, before the options.
    RadiusByMember,
    /// GEOSEARCH, GEOSEARCHSTORE: everything by option.
    Search,
}

/// A command's shape.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub form: Form,
    /// May store: STORE and STOREDIST of GEORADIUS, the destination of GEOSEARCHSTORE.
    pub stores: bool,
}

/// The order of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    #[default]
    None,
    Nearest,
    Farthest,
}

/// Everything a command is told.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    center: Option<Point>,
    /// FROMMEMBER was given, perhaps of a sorted set that is not there.
    from_member: bool,
    shape: Option<(Shape, Length)>,
    pub order: Order,
    /// 0: all.
    pub count: usize,
    pub any: bool,
    pub with_distance: bool,
    pub with_hash: bool,
    pub with_point: bool,
    /// The argument that names the key to store at.
    pub store_at: Option<usize>,
    pub store_distance: bool,
}

const NO_MEMBER: Error = Error::Plain("could not decode requested zset member");

impl Options {
    /// Reads all arguments. `set` is the one to be searched, if it is there.
    pub fn parse(args: &Args<'_>, command: Command, set: Option<ZsetRef<'_>>) -> Result<Self, Error> {
        let mut o = Options::default();
        let first = match command.form {
            Form::Radius => {
                o.center = Some(position(args.get(2), args.get(3))?);
                o.shape = Some(radius(args.get(4), args.get(5))?);
                6
            }
            Form::RadiusByMember => {
                if let Some(set) = set {
                    o.center = Some(point_of(set, args.get(2))?);
                    o.shape = Some(radius(args.get(3), args.get(4))?);
                }
                5
            }
            Form::Search if command.stores => {
                o.store_at = Some(1);
                3
            }
            Form::Search => 2,
        };
        let mut i = first;
        while i < args.len() {
            let taken = match command.form {
                Form::Search => o.take_search(args, i, command, set)?,
                _ => o.take_store(args, i, command),
            };
            i += match taken {
                0 => o.take_common(args, i)?,
                taken => taken,
            };
        }
        o.check(args, command)?;
        Ok(o)
    }

    /// An option that all commands take, at argument `i`; how many arguments it has.
    fn take_common(&mut self, args: &Args<'_>, i: usize) -> Result<usize, Error> {
        let flags = [
            ("withdist", &mut self.with_distance),
            ("withhash", &mut self.with_hash),
            ("withcoord", &mut self.with_point),
            ("any", &mut self.any),
        ];
        if let Some((_, flag)) = flags.into_iter().find(|(name, _)| args.is(i, name)) {
            *flag = true;
            return Ok(1);
        }
        if args.is(i, "asc") {
            self.order = Order::Nearest;
        } else if args.is(i, "desc") {
            self.order = Order::Farthest;
        } else if args.is(i, "count") && i + 1 < args.len() {
            let count = args.int(i + 1)?;
            let count = usize::try_from(count).ok().filter(|count| *count > 0);
            self.count = count.ok_or(Error::Plain("COUNT must be > 0"))?;
            return Ok(2);
        } else {
            return Err(Error::Syntax);
        }
        Ok(1)
    }

    /// STORE or STOREDIST of GEORADIUS; 0 if it is another option.
    fn take_store(&mut self, args: &Args<'_>, i: usize, command: Command) -> usize {
        let distance = args.is(i, "storedist");
        if !command.stores || i + 1 >= args.len() || !(distance || args.is(i, "store")) {
            return 0;
        }
        self.store_at = Some(i + 1);
        self.store_distance = distance;
        2
    }

    /// An option of GEOSEARCH or GEOSEARCHSTORE only; 0 if it is another one.
    fn take_search(
        &mut self,
        args: &Args<'_>,
        i: usize,
        command: Command,
        set: Option<ZsetRef<'_>>,
    ) -> Result<usize, Error> {
        let behind = args.len() - i - 1;
        if command.stores && args.is(i, "storedist") {
            self.store_distance = true;
            return Ok(1);
        }
        let from_position = self.center.is_some() && !self.from_member;
        if args.is(i, "frommember") && behind >= 1 && !from_position {
            if let Some(set) = set {
                self.center = Some(point_of(set, args.get(i + 1))?);
            }
            self.from_member = true;
            return Ok(2);
        }
        if args.is(i, "fromlonlat") && behind >= 2 && !self.from_member {
            self.center = Some(position(args.get(i + 1), args.get(i + 2))?);
            return Ok(3);
        }
        let circular = self.shape.map(|(shape, _)| matches!(shape, Shape::Circle { .. }));
        if args.is(i, "byradius") && behind >= 2 && circular != Some(false) {
            self.shape = Some(radius(args.get(i + 1), args.get(i + 2))?);
            return Ok(3);
        }
        if args.is(i, "bybox") && behind >= 3 && circular != Some(true) {
            self.shape = Some(rectangle(args.get(i + 1), args.get(i + 2), args.get(i + 3))?);
            return Ok(4);
        }
        Ok(0)
    }

    /// Options that do not go together, and such as are missing.
    fn check(&self, args: &Args<'_>, command: Command) -> Result<(), Error> {
        let told = self.with_distance || self.with_hash || self.with_point;
        let search = command.form == Form::Search;
        if self.store_at.is_some() && told {
            return Err(Error::Plain(if search {
                "GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            } else {
                "STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            }));
        }
        let name = || String::from_utf8_lossy(args.get(0));
        if search && self.center.is_none() && !self.from_member {
            let rule = "exactly one of FROMMEMBER or FROMLONLAT can be specified for";
            return Err(Error::text(format!("{rule} {}", name())));
        }
        if search && self.shape.is_none() {
            let rule = "exactly one of BYRADIUS and BYBOX can be specified for";
            return Err(Error::text(format!("{rule} {}", name())));
        }
        if self.any && self.count == 0 {
            return Err(Error::Plain("the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// The area to search; none where the sorted set is missing that would tell its centre.
    pub fn search(&self) -> Option<Search> {
        let (shape, unit) = self.shape?;
        Some(Search { center: self.center?, shape, unit: unit.in_meters() })
    }
}

/// The position of a member.
fn point_of(set: ZsetRef<'_>, member: &[u8]) -> Result<Point, Error> {
    set.score(member).map(decode_score).ok_or(NO_MEMBER)
}

/// A position on the map.
pub fn position(longitude: &[u8], latitude: &[u8]) -> Result<Point, Error> {
    let longitude = parse_f64(longitude).ok_or(Error::NotFloat)?;
    let latitude = parse_f64(latitude).ok_or(Error::NotFloat)?;
    let point = Point { longitude, latitude };
    if point.is_valid() {
        return Ok(point);
    }
    Err(Error::text(format!("invalid longitude,latitude pair {longitude:.6},{latitude:.6}")))
}

/// A unit of length.
pub fn unit(text: &[u8]) -> Result<Length, Error> {
    Length::parse(text).ok_or(Error::Plain("unsupported unit provided. please use M, KM, FT, MI"))
}

fn radius(text: &[u8], unit_text: &[u8]) -> Result<(Shape, Length), Error> {
    let radius = parse_f64(text).ok_or(Error::Plain("need numeric radius"))?;
    if radius < 0.0 {
        return Err(Error::Plain("radius cannot be negative"));
    }
    Ok((Shape::Circle { radius }, unit(unit_text)?))
}

fn rectangle(width: &[u8], height: &[u8], unit_text: &[u8]) -> Result<(Shape, Length), Error> {
    let width = parse_f64(width).ok_or(Error::Plain("need numeric width"))?;
    let height = parse_f64(height).ok_or(Error::Plain("need numeric height"))?;
    if width < 0.0 || height < 0.0 {
        return Err(Error::Plain("height or width cannot be negative"));
    }
    Ok((Shape::Rectangle { width, height }, unit(unit_text)?))
}
