//! CLIENT SETNAME, GETNAME, SETINFO, ID: what a client says of itself.

use crate::engine::{Acl, Args, CmdResult, Ctx, Engine, Error, Flags, Group, Spec, done};
use crate::ids::ClientId;

pub const COMMON: Flags = Flags::NOSCRIPT.with(Flags::LOADING).with(Flags::STALE);

/// Whether a text can stand in CLIENT LIST: one word of visible ASCII.
fn is_word(text: &[u8]) -> bool {
    text.iter().all(|byte| (b'!'..=b'~').contains(byte))
}

/// Checks a client's name.
pub fn check_name(name: &[u8]) -> Result<(), Error> {
    let text = "Client names cannot contain spaces, newlines or special characters.";
    if is_word(name) { Ok(()) } else { Err(Error::Plain(text)) }
}

pub static SETNAME: Spec = Spec::plain("setname", 3)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("2.6.9")
    .summary("Gives the connection a name.")
    .syntax("connection-name")
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .run(|ctx, args| {
        check_name(args.get(2))?;
        ctx.session.name = args.get(2).to_vec();
        ctx.reply.ok();
        done()
    });

pub static GETNAME: Spec = Spec::plain("getname", 2)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("2.6.9")
    .summary("Tells the connection's name.")
    .run(|ctx, _| {
        let name = std::mem::take(&mut ctx.session.name);
        if name.is_empty() {
            ctx.reply.null()
        } else {
            ctx.reply.bulk(&name)
        }
        ctx.session.name = name;
        done()
    });

pub static SETINFO: Spec = Spec::plain("setinfo", 4)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("7.2.0")
    .summary("Tells the server which library talks to it.")
    .syntax("<LIB-NAME libname | LIB-VER libver>")
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .run(setinfo);

fn setinfo(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (attribute, value) = (args.get(2), args.get(3));
    let field = match attribute.to_ascii_lowercase().as_slice() {
        b"lib-name" => &mut ctx.session.lib_name,
        b"lib-ver" => &mut ctx.session.lib_ver,
        _ => {
            let attribute = String::from_utf8_lossy(attribute);
            return Err(Error::text(format!("Unrecognized option '{attribute}'")));
        }
    };
    if !is_word(value) {
        let attribute = String::from_utf8_lossy(attribute);
        return Err(Error::text(format!(
            "{attribute} cannot contain spaces, newlines or special characters."
        )));
    }
    *field = value.to_vec();
    ctx.reply.ok();
    done()
}

pub static ID: Spec = Spec::plain("id", 2)
    .flags(COMMON)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("5.0.0")
    .summary("Tells the connection's number.")
    .run_engine(id);

fn id(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    let number = engine.clients[id].number;
    engine.reply(id).int(number as i64);
    done()
}
