//! Strings that are edited byte by byte: APPEND, SETRANGE, SETBIT and their like.

use super::edit::{Packed, Value};
use super::entry::View;
use super::keys::StrView;
use super::value::{Kind, Object};
use crate::ids::UnixMs;

/// The bytes of a string under edit. It is stored raw afterwards, even if it could be an integer or an embedded
/// string, as Redis shows it.
#[derive(Default, Debug)]
pub struct Str(pub Vec<u8>);

impl Value for Str {
    const KIND: Kind = Kind::String;
    type Ref<'a> = StrView<'a>;

    fn view(view: View<'_>, _now_ms: UnixMs) -> StrView<'_> {
        view.str()
    }

    fn unpack(bytes: Vec<u8>, _variant: bool) -> Self {
        Str(bytes)
    }

    fn from_int(n: i64) -> Self {
        Str(itoa::Buffer::new().format(n).as_bytes().to_vec())
    }

    fn pack(self, room: usize) -> Packed {
        if self.0.len() <= room {
            Packed::Bytes(self.0, true)
        } else {
            Packed::Object(Object::string(self.0))
        }
    }

    fn of(object: &mut Object) -> Option<&mut Self> {
        if let Object::Shared(bytes) = object {
            // Replies that still show it keep the old bytes.
            let bytes = std::mem::take(bytes);
            *object = Object::Str(Str(std::sync::Arc::unwrap_or_clone(bytes)));
        }
        if let Object::Str(bytes) = object { Some(bytes) } else { None }
    }

    fn vanishes(&self) -> bool {
        false
    }
}
