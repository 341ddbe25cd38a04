//! DEBUG HTSTATS: how the tables of a database stand.

use crate::engine::{Args, CmdResult, Engine, Error, done};
use crate::ids::ClientId;
use std::fmt::Write;

/// DEBUG HTSTATS db [FULL].
pub fn htstats(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let db = match u16::try_from(args.int(2)?) {
        Ok(db) if usize::from(db) < engine.keyspace.databases() => db,
        _ => return Err(Error::Plain("Out of range database")),
    };
    let full = args.opt(3).is_some_and(|word| word.eq_ignore_ascii_case(b"full"));
    let space = &engine.keyspace;
    let [table_bytes, index_bytes] = space.table_bytes(db);
    let mut text = String::new();
    for (title, entries, bytes) in
        [("Dictionary HT", space.len(db), table_bytes), ("Expires HT", space.volatile_keys(db), index_bytes)]
    {
        let _ = writeln!(text, "[{title}]");
        if entries == 0 {
            text.push_str("No stats available for empty hash tables\n");
            continue;
        }
        // COMPAT: tools compute from the size how many keys fit before a table is moved. Ours never is: what is told
        // is the size that a table doubling as a whole would have.
        let size = entries.next_power_of_two().max(4);
        let _ = write!(
            text,
            "Hash table 0 stats (main hash table):\n table size: {size}\n number of entries: {entries}\n"
        );
        if full {
            let _ = writeln!(text, " bytes: {bytes}");
        }
    }
    engine.reply(id).verbatim("txt", text.as_bytes());
    done()
}
