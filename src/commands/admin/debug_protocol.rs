//! DEBUG PROTOCOL: one reply of every kind there is.

use crate::engine::{Args, CmdResult, Engine, Error, done};
use crate::ids::ClientId;
use crate::resp::reply::{Proto, Reply};

pub fn protocol(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let kind = args.get(2).to_ascii_lowercase();
    let resp3 = engine.clients[id].session.proto == Proto::Resp3;
    let mut reply = engine.reply(id);
    match kind.as_slice() {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.int(12345),
        // COMPAT: the test value is no attempt at pi.
        #[allow(clippy::approx_constant)]
        b"double" => reply.double(3.141),
        b"null" => reply.null(),
        b"array" => {
            reply.array(3);
            (0..3).for_each(|n| reply.int(n));
        }
        b"set" => {
            reply.set(3);
            (0..3).for_each(|n| reply.int(n));
        }
        b"map" => {
            reply.map(3);
            for n in 0..3 {
                reply.int(n);
                reply.bool(n == 1);
            }
        }
        b"attrib" => {
            if resp3 {
                reply.attribute(1);
                reply.bulk(b"key-popularity");
                reply.array(2);
                reply.bulk(b"key:123");
                reply.int(90);
            }
            // Attributes are not replies: the reply itself follows.
            reply.bulk(b"Some real reply following the attribute");
        }
        b"push" => {
            if !resp3 {
                return Err(Error::Plain("RESP2 is not supported by this command"));
            }
            reply.bulk(b"Some real reply following the push reply");
            let mut later = Reply::new(&mut engine.clients[id].later, Proto::Resp3);
            later.push(2);
            later.bulk(b"server-cpu-usage");
            later.int(42);
        }
        b"bignum" => reply.big_number(b"1234567999999999999999999999999999999"),
        b"true" => reply.bool(true),
        b"false" => reply.bool(false),
        b"verbatim" => reply.verbatim("txt", b"This is a verbatim\nstring"),
        _ => {
            return Err(Error::Plain(
                "Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    done()
}
