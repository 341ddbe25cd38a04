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
        if self.0.len() <= room { Packed::Bytes(self.0, true) } else { Packed::Object(Object::Str(self)) }
    }

    fn of(object: &mut Object) -> Option<&mut Self> {
        match object {
            Object::Str(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn vanishes(&self) -> bool {
        false
    }
}
