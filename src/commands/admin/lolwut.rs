//! LOLWUT: a gem, cut anew at each call.

use crate::engine::{Args, CmdResult, Ctx, Flags, Group, Spec, done};

pub static LOLWUT: Spec = Spec::read("lolwut", -1)
    .flags(Flags::FAST)
    .group(Group::Server)
    .since("5.0.0")
    .complexity("")
    .summary("Shows the server's version, and something to look at.")
    .syntax("[VERSION version]")
    .run(lolwut);

/// Draws a faceted gem of that width: a flat table on top, a point below.
fn gem(width: usize, facets: u64) -> String {
    let mut picture = String::new();
    let crown = (width / 5).max(1);
    let rows = crown + width / 2;
    for row in 0..rows {
        let inset = if row < crown { crown - row } else { (row - crown) * width / (2 * (rows - crown)) };
        let inset = inset.min(width / 2);
        let length = width - 2 * inset;
        picture.push_str(&" ".repeat(inset + 2));
        for column in 0..length {
            let edge = column == 0 || column + 1 == length;
            let cut = (column as u64 * 7 + row as u64 * facets) % (facets % 5 + 4);
            picture.push(match (edge, row < crown, cut) {
                (true, true, _) => {
                    if column == 0 {
                        '/'
                    } else {
                        '\\'
                    }
                }
                (true, false, _) => {
                    if column == 0 {
                        '\\'
                    } else {
                        '/'
                    }
                }
                (_, _, 0) => '/',
                (_, _, 1) => '\\',
                (_, _, 2) => '.',
                _ => ' ',
            });
        }
        picture.push('\n');
    }
    picture
}

fn lolwut(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    // LOLWUT VERSION 5 40 and the like: the first number after the version is a width.
    let versioned = args.is(1, "version") && args.len() > 2;
    if versioned {
        args.int(2)?;
    }
    let at = if versioned { 3 } else { 1 };
    let width = args.opt(at).and_then(|_| args.int(at).ok()).map_or(32, |width| width.clamp(8, 120) as usize);
    let facets = ctx.keys.space.rng.below(40) + 3;
    let picture = gem(width, facets);
    let text = format!(
        "{picture}\nRedis ver. {} (Spinel {})\n",
        crate::engine::REDIS_VERSION,
        env!("CARGO_PKG_VERSION")
    );
    ctx.reply.verbatim("txt", text.as_bytes());
    done()
}
