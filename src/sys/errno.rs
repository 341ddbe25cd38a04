//! What an error number says, in the C library's words: those that Redis' messages end in.

use std::ffi::CStr;
use std::io;

/// The reason alone: `Address already in use`, where `Display` would add `(os error 98)`.
pub fn reason(error: &io::Error) -> String {
    let Some(code) = error.raw_os_error() else { return error.to_string() };
    let mut text = [0u8; 128];
    // SAFETY: the pointer and the length are those of one live array, of which the last byte is kept zero, so that it
    // holds a C string whatever the call did.
    unsafe { libc::strerror_r(code, text.as_mut_ptr().cast(), text.len() - 1) };
    CStr::from_bytes_until_nul(&text)
        .map_or_else(|_| error.to_string(), |it| it.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_no_numbers() {
        assert_eq!(reason(&io::Error::from_raw_os_error(libc::EADDRINUSE)), "Address already in use");
        assert_eq!(reason(&io::Error::from_raw_os_error(libc::ENOENT)), "No such file or directory");
        assert_eq!(reason(&io::Error::other("ours")), "ours");
    }
}
