//! XREAD: entries after given identifiers, waiting for them when asked to.

use super::reading::{Reading, Served, reading_spec, streams};
use super::{ids, replies};
use crate::engine::{Args, CmdResult, Ctx, Error, OwnedArgs, Spec, done};
use crate::types::stream::{Stream, StreamId};

pub static XREAD: Spec = reading_spec(Spec::read("xread", -4))
    .keys(&[streams(1)])
    .complexity("")
    .summary("Returns what several streams have behind the given IDs, and may wait for it.")
    .syntax("[COUNT count] [BLOCK milliseconds] <STREAMS key [key ...] id [id ...]>")
    .run(xread);

fn xread(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let reading = Reading::parse(args, false, ctx.env.now_ms)?;
    let mut after = ids::Ids::new();
    for (i, key) in reading.keys.iter().enumerate() {
        let last = ctx.keys.read_as::<Stream>(*key)?.map(|stream| stream.entries.marks().last_id);
        after.push(lower_bound(args.get(reading.id_at(i)), last)?);
    }
    let mut served = Served::default();
    for (key, after) in reading.keys.iter().zip(&after) {
        let Some(stream) = ctx.keys.read_as::<Stream>(*key)? else { continue };
        let top = stream.entries.last_entry_id().filter(|top| top > after);
        if let (Some(top), Some(start)) = (top, after.next()) {
            served.begin(&mut ctx.reply, key);
            replies::entries(&mut ctx.reply, stream.entries.range(start, top, false), reading.count);
        }
    }
    if served.end(&mut ctx.reply) {
        return done();
    }
    let instead = settled(args, &reading, &after);
    reading.nothing(ctx, instead)
}

/// The ID behind which to read, given the last one that the stream gave out if there is a stream.
fn lower_bound(text: &[u8], last: Option<StreamId>) -> Result<StreamId, Error> {
    match (text, last) {
        (b"$", last) => Ok(last.unwrap_or(StreamId::MIN)),
        (b"+", None) => Ok(StreamId::MIN),
        (b"+", Some(last)) => last.prev().ok_or(Error::Plain("the stream last element ID is 0-0")),
        (b">", _) => Err(Error::Plain(
            "The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        )),
        (text, _) => StreamId::parse_strict(text, 0).ok_or_else(ids::invalid),
    }
}

/// The arguments with every `$` made the ID it stands for now: by the time one is served it would stand for another.
fn settled(args: &Args<'_>, reading: &Reading<'_>, after: &[StreamId]) -> Option<OwnedArgs> {
    let open = |i: &usize| args.get(reading.id_at(*i)) == b"$";
    let texts: Vec<_> = (0..after.len()).filter(open).map(|i| (reading.id_at(i), after[i].text())).collect();
    if texts.is_empty() {
        return None;
    }
    let mut slices = args.rest(0).to_vec();
    for (at, text) in &texts {
        slices[*at] = text;
    }
    Some(OwnedArgs::new(&slices))
}
