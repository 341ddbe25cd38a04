//! Loading in slices: who is served meanwhile, what rests, and that nothing is seen half done.

use super::no_process::{NoProcess, START_US};
use crate::persist::power_cut::Server;
use crate::persist::sim_disk::SimDisk;
use spinel::config::{AppendFsync, Config, Effect};
use spinel::engine::Host;
use spinel::engine::loading::{LoadState, Slice};
use spinel::engine::machine::{Engine, ServerFacts, TurnClock};
use spinel::engine::table::CommandTable;
use spinel::ids::ClientId;
use spinel::keyspace::wheel::Budget;
use spinel::keyspace::{Keys, Keyspace, Object, StrView};
use spinel::persist::files::{Disk, append_all};
use spinel::persist::rdb::{SaveInfo, SaveOptions, Uses, Version, save_keyspace};
use spinel::sys::entropy::Rng;
use spinel::table::Hasher;
use std::cell::Cell;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::rc::Rc;

const LOADING: &str = "-LOADING Redis is loading the dataset in memory\r\n";
/// One key, or one command.
const ONE: Slice = Slice { us: u64::MAX, bytes: 1 };

/// Has one data file, which is what was saved last.
#[derive(Default)]
struct Shelf {
    file: Option<Vec<u8>>,
    slept_us: Rc<Cell<u64>>,
}

impl Host for Shelf {
    fn apply(&mut self, effect: Effect, config: &Config) -> Result<(), String> {
        NoProcess.apply(effect, config)
    }
    fn rss_bytes(&self) -> usize {
        0
    }
    fn pending_frees(&self) -> usize {
        0
    }
    fn listeners(&self, _config: &Config) -> Vec<String> {
        Vec::new()
    }
    fn shutdown_requested(&self) -> bool {
        false
    }
    fn halt(&mut self, us: u64) -> TurnClock {
        self.slept_us.set(self.slept_us.get() + us);
        TurnClock::new(START_US, 0)
    }
    fn rewrite_config(&mut self, _config: &Config, _force_all: bool) -> Result<(), String> {
        Ok(())
    }
    fn save(&mut self, space: &Keyspace, _config: &Config, options: &SaveOptions<'_>) -> bool {
        let mut bytes = Vec::new();
        let saved = save_keyspace(space, options, &mut bytes, &mut |_| ()).is_ok();
        self.file = Some(bytes);
        saved
    }
    fn open_data(&mut self, _config: &Config) -> std::io::Result<(Box<dyn Read>, Option<u64>)> {
        let bytes = self.file.clone().ok_or(ErrorKind::NotFound)?;
        let len = bytes.len() as u64;
        Ok((Box::new(std::io::Cursor::new(bytes)), Some(len)))
    }
}

/// A data file of so many strings, every second one with a time to live that is over soon.
fn file_of(keys: usize) -> Vec<u8> {
    let mut space = Keyspace::new(16, Hasher::new(1, 2), Rng::with_seed(3), START_US / 1000);
    for at in 0..keys {
        let expiry = (at % 2 == 1).then_some(START_US / 1000 + 5);
        let value = Object::string(b"value".to_vec());
        let key = format!("key:{at}");
        assert!(space.load(0, key.as_bytes(), value, expiry, None));
    }
    let options = SaveOptions {
        version: Version::V11,
        compress: false,
        checksum: true,
        uses: Uses::None,
        info: SaveInfo { used_memory: 12345, ..SaveInfo::default() },
        functions: &[],
    };
    let mut bytes = Vec::new();
    save_keyspace(&space, &options, &mut bytes, &mut |_| ()).expect("memory takes all");
    bytes
}

struct Place {
    engine: Engine,
    client: ClientId,
    slept_us: Rc<Cell<u64>>,
}

impl Place {
    fn new(config: Config, file: Option<Vec<u8>>) -> Place {
        let slept_us = Rc::new(Cell::new(0));
        let space = Keyspace::new(16, Hasher::new(4, 5), Rng::with_seed(6), START_US / 1000);
        let commands = CommandTable::new(&spinel::commands::all(), &[]);
        let host = Box::new(Shelf { file, slept_us: Rc::clone(&slept_us) });
        let mut engine = Engine::new(commands, config, ServerFacts::default(), space, host);
        engine.set_clock(START_US, 0);
        let client = engine.connect();
        Place { engine, client, slept_us }
    }

    fn ask_as(&mut self, id: ClientId, line: &str) -> String {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.engine.execute_slices(id, &words);
        self.heard(id)
    }

    fn heard(&mut self, id: ClientId) -> String {
        String::from_utf8_lossy(&self.engine.client(id).out.drain()).into_owned()
    }

    fn ask(&mut self, line: &str) -> String {
        self.ask_as(self.client, line)
    }

    fn figure(&mut self, name: &str) -> String {
        let text = self.ask("INFO persistence");
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.unwrap_or("absent").to_string()
    }
}

fn config() -> Config {
    Config { save: Vec::new(), ..Config::default() }
}

#[test]
fn clients_are_served_between_slices_as_far_as_they_need_no_data() {
    let file = file_of(100);
    let mut place = Place::new(config(), Some(file.clone()));
    assert_eq!(place.ask("MULTI"), "+OK\r\n");
    assert_eq!(place.ask("GET key:0"), "+QUEUED\r\n");
    assert_eq!(place.engine.load_at_start(), LoadState::Loading);
    for _ in 0..10 {
        assert_eq!(place.engine.load_some(ONE), LoadState::Loading);
    }
    assert_eq!(
        place.ask("EXEC"),
        "-EXECABORT Transaction discarded because of: LOADING Redis is loading the dataset in memory\r\n"
    );
    for line in ["PING", "GET key:0", "DBSIZE", "SAVE", "BGREWRITEAOF", "FLUSHALL", "DEBUG RELOAD"] {
        place.engine.config.enable_debug_command = spinel::config::Allowed::Yes;
        assert_eq!(place.ask(line), LOADING, "{line}");
    }
    assert_eq!(place.ask("CONFIG SET loglevel verbose"), "+OK\r\n");
    assert_eq!(place.ask("CONFIG SET databases 3").split(' ').next(), Some("-ERR"));
    assert!(place.ask("SUBSCRIBE news").ends_with(":1\r\n"));
    let other = place.engine.connect();
    assert_eq!(place.ask_as(other, "PUBLISH news x"), ":1\r\n");
    assert!(place.heard(place.client).ends_with("x\r\n"));
    place.ask("UNSUBSCRIBE");
    assert_eq!(place.figure("loading"), "1");
    assert_eq!(place.figure("async_loading"), "0");
    assert_eq!(place.figure("loading_total_bytes"), file.len().to_string());
    assert_eq!(place.figure("loading_rdb_used_mem"), "12345");
    assert_eq!(place.figure("rdb_last_load_keys_loaded"), "10");
    assert_eq!(place.figure("loading_eta_seconds"), "1");
    assert!(
        place.figure("loading_loaded_perc").parse::<f64>().is_ok_and(|share| share > 1.0 && share < 50.0)
    );
    assert_eq!(place.engine.load_rest(), LoadState::Done);
    assert_eq!((place.figure("loading"), place.figure("loading_total_bytes")), ("0".into(), "absent".into()));
    assert_eq!(place.ask("DBSIZE"), ":100\r\n");
}

#[test]
fn nothing_goes_before_all_is_there() {
    let mut place = Place::new(config(), Some(file_of(40)));
    assert_eq!(place.engine.load_at_start(), LoadState::Loading);
    for _ in 0..39 {
        assert_eq!(place.engine.load_some(ONE), LoadState::Loading);
        // Far behind the times of half of the keys; nor does the end of a pause let them go.
        place.engine.set_clock(START_US + 60_000_000, 60_000_000);
        assert_eq!(place.ask("CLIENT PAUSE 1000 WRITE"), "+OK\r\n");
        assert_eq!(place.ask("CLIENT UNPAUSE"), "+OK\r\n");
        place.engine.expire_due(&mut Budget { due: usize::MAX, moves: usize::MAX });
        place.engine.set_clock(START_US, 0);
    }
    assert_eq!(place.engine.saving.loaded_keys, 39);
    assert_eq!(place.engine.load_rest(), LoadState::Done);
    assert_eq!(place.engine.keyspace.len(0), 40);
    place.engine.set_clock(START_US + 60_000_000, 60_000_000);
    place.engine.expire_due(&mut Budget { due: usize::MAX, moves: usize::MAX });
    assert_eq!(place.engine.keyspace.len(0), 20);
}

#[test]
fn a_delay_is_slept_or_left_to_the_loop() {
    let mut place = Place::new(Config { key_load_delay: 100, ..config() }, Some(file_of(10)));
    place.engine.load_at_start();
    assert_eq!(place.engine.load_rest(), LoadState::Done);
    assert_eq!(place.slept_us.get(), 1000);
    let mut place = Place::new(Config { key_load_delay: 2_000_000_000, ..config() }, Some(file_of(10)));
    place.engine.load_at_start();
    // One key, and then nothing for half an hour.
    for _ in 0..3 {
        assert_eq!(place.engine.load_some(Slice { us: 1_000_000, bytes: u64::MAX }), LoadState::Loading);
        assert_eq!(place.engine.saving.loaded_keys, 1);
    }
    assert!(place.engine.load_rests_until_us().is_some_and(|us| us >= 2_000_000_000));
    assert_eq!(place.slept_us.get(), 0);
    place.engine.config.key_load_delay = -1;
    assert_eq!(place.engine.load_rest(), LoadState::Done);
    assert_eq!(place.slept_us.get(), 9);
}

#[test]
fn damage_ends_the_load_wherever_the_slices_are_cut() {
    let file = file_of(20);
    for at in [9, file.len() / 2, file.len() - 1] {
        let mut broken = file.clone();
        broken[at] ^= 0x40;
        let mut place = Place::new(config(), Some(broken));
        assert_eq!(place.engine.load_at_start(), LoadState::Loading);
        let ended = (0..50).map(|_| place.engine.load_some(ONE)).find(|state| *state != LoadState::Loading);
        assert_eq!(ended, Some(LoadState::Failed), "{at}");
        assert!(!place.engine.server.loading && place.engine.loading.is_none());
    }
}

#[test]
fn a_reload_keeps_its_client_waiting_and_the_others_served() {
    let mut config = config();
    config.enable_debug_command = spinel::config::Allowed::Yes;
    config.key_load_delay = 1_000_000;
    let mut place = Place::new(config, None);
    for at in 0..5 {
        place.ask(&format!("SET k{at} {at}"));
    }
    assert_eq!(place.ask("DEBUG RELOAD"), "");
    let other = place.engine.connect();
    assert_eq!(place.ask_as(other, "GET k1"), LOADING);
    let number = place.engine.client(place.client).number;
    assert_eq!(place.ask_as(other, &format!("CLIENT UNBLOCK {number}")), ":0\r\n");
    place.engine.config.key_load_delay = 0;
    assert_eq!(place.engine.load_rest(), LoadState::Done);
    assert_eq!(place.heard(place.client), "+OK\r\n");
    assert_eq!(place.ask("GET k1"), "$1\r\n1\r\n");
    // In a transaction nothing waits.
    place.engine.config.key_load_delay = 1_000_000;
    place.ask("MULTI");
    place.ask("DEBUG RELOAD");
    place.ask("GET k2");
    assert_eq!(place.ask("EXEC"), "*2\r\n+OK\r\n$1\r\n2\r\n");
    // Whoever goes away meanwhile is not missed.
    let gone = place.engine.connect();
    assert_eq!(place.ask_as(gone, "DEBUG RELOAD"), "");
    place.engine.disconnect(gone);
    place.engine.config.key_load_delay = 0;
    assert_eq!(place.engine.load_rest(), LoadState::Done);
    assert_eq!(place.ask("DBSIZE"), ":5\r\n");
}

/// A log of single commands and transactions that move a unit from one counter to the other.
fn moving_log(transactions: usize) -> Vec<u8> {
    let mut log = Vec::new();
    let mut add = |line: &str| {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        Engine::encode(&mut log, &words);
    };
    add("SELECT 9");
    add("SET from 1000");
    for _ in 0..transactions {
        for line in ["MULTI", "DECR from", "RPUSH between x", "LPOP between", "INCR to", "EXEC"] {
            add(line);
        }
        add("INCR single");
    }
    log
}

/// A server with this log on its disk.
fn with_log(log: &[u8]) -> Server {
    let disk = SimDisk::cut_at(usize::MAX);
    let dir = Path::new("appendonlydir");
    disk.make_dir(dir).expect("a new directory");
    for (name, bytes) in [
        ("appendonly.aof.1.incr.aof", log),
        ("appendonly.aof.manifest", &b"file appendonly.aof.1.incr.aof seq 1 type i\n"[..]),
    ] {
        let file = disk.create(&dir.join(name)).expect("a new file");
        append_all(&*file, bytes).expect("room on the disk");
    }
    Server::new(&disk, AppendFsync::EverySec)
}

#[test]
fn transactions_of_a_log_stay_whole_over_slices() {
    let log = moving_log(20);
    for bytes in [1, 50, 333] {
        let mut server = with_log(&log);
        let number = server.engine.client(server.client).number;
        assert_eq!(server.engine.load_at_start(), LoadState::Loading);
        let mut slices = 0;
        loop {
            let state = server.engine.load_some(Slice { us: u64::MAX, bytes });
            slices += 1;
            let keys = Keys::new(&mut server.engine.keyspace, 9);
            let count = |key: &[u8]| match keys.peek(key).map(|view| view.str()) {
                Some(StrView::Int(n)) => n,
                _ => 0,
            };
            let (from, to) = (count(b"from"), count(b"to"));
            assert!(from == 0 || from + to == 1000, "{from} {to}");
            // Who replays is nobody's business.
            assert_eq!(server.engine.clients.len(), 1);
            if state != LoadState::Loading {
                assert_eq!((state, from, to), (LoadState::Done, 980, 20));
                break;
            }
            assert_eq!(server.ask("PING"), LOADING);
        }
        assert!(slices > log.len() / 400, "{slices}");
        assert_eq!(server.ask("SELECT 9"), "+OK\r\n");
        assert_eq!(server.ask("GET single"), "$2\r\n20\r\n");
        let next = server.engine.connect();
        assert_eq!(server.engine.client(next).number, number + 1);
    }
}

#[test]
fn a_transaction_that_the_log_does_not_end_is_cut_off() {
    let whole = moving_log(3);
    let torn = [&whole[..], b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nDECR\r\n$4\r\nfrom\r\n"].concat();
    let mut server = with_log(&torn);
    assert_eq!(server.engine.load_at_start(), LoadState::Loading);
    let ended = (0..100).map(|_| server.engine.load_some(ONE)).find(|state| *state != LoadState::Loading);
    assert_eq!(ended, Some(LoadState::Done));
    server.ask("SELECT 9");
    assert_eq!(server.ask("GET from"), "$3\r\n997\r\n");
    assert_eq!(server.engine.aof.bytes(), whole.len() as u64);
}
