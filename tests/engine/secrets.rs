//! What slow log and MONITOR show of commands that carry passwords.

use spinel::engine::Args;
use spinel::engine::table::CommandTable;

fn shown(words: &str) -> String {
    let table = CommandTable::new(&spinel::commands::all(), &[]);
    let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
    let args = Args::new(&words);
    let command = table.identify(&args).expect("it exists");
    String::from_utf8_lossy(&table.shown(command, &args).join(&b' ')).into_owned()
}

#[test]
fn passwords_are_hidden_and_nothing_else() {
    assert_eq!(shown("AUTH me secret"), "AUTH (redacted) (redacted)");
    assert_eq!(shown("config set requirepass x hz 10"), "config set requirepass (redacted) hz 10");
    assert_eq!(shown("config set hz 10"), "config set hz 10");
    assert_eq!(shown("hello 3 auth me x setname y"), "hello 3 auth (redacted) (redacted) setname y");
    assert_eq!(
        shown("migrate host 1 k 0 10 copy auth x auth2 y z keys auth w"),
        "migrate host 1 k 0 10 copy auth (redacted) auth2 (redacted) (redacted) keys auth w"
    );
    assert_eq!(shown("set auth x"), "set auth x");
}
