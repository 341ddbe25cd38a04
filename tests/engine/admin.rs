//! What those who run the server ask of it: INFO, CONFIG, SLOWLOG, MEMORY, REPLICAOF.

use super::house::House;

/// The value of a field of INFO everything.
fn field(house: &mut House, name: &str) -> Option<String> {
    let info = house.ask("info everything");
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.map(str::to_string)
}

#[test]
fn refused_commands_are_counted_as_rejected() {
    let mut house = House::new(1);
    assert!(house.ask("set a").contains("wrong number of arguments for 'set' command"));
    house.ask("config get");
    let set = field(&mut house, "cmdstat_set").expect("it was refused");
    assert!(set.starts_with("calls=0,") && set.ends_with("rejected_calls=1,failed_calls=0"), "{set}");
    let get = field(&mut house, "cmdstat_config|get").expect("it was refused");
    assert!(get.ends_with("rejected_calls=1,failed_calls=0"), "{get}");
    house.ask("incrbyfloat a x");
    let failed = field(&mut house, "cmdstat_incrbyfloat").expect("it ran");
    assert!(failed.ends_with("rejected_calls=0,failed_calls=1"), "{failed}");
    assert_eq!(field(&mut house, "errorstat_ERR").as_deref(), Some("count=3"));
    house.ask("config resetstat");
    assert_eq!(field(&mut house, "total_error_replies").as_deref(), Some("0"));
    assert_eq!(field(&mut house, "cmdstat_set"), None);
}

#[test]
fn growth_of_tables_shows_until_the_next_tick() {
    let mut house = House::new(2);
    let rehashing = "mem_overhead_db_hashtable_rehashing";
    house.ask("set first x");
    assert_eq!(field(&mut house, rehashing).as_deref(), Some("0"));
    for n in 0..7 {
        house.ask(&format!("set {n} x"));
    }
    assert_eq!(field(&mut house, rehashing).as_deref(), Some("64"), "one bucket became two");
    assert!(house.ask("memory stats").contains("db.dict.rehashing.count\r\n:1\r\n"));
    house.engine.keyspace.forget_growth();
    assert!(house.ask("memory stats").contains("db.dict.rehashing.count\r\n:0\r\n"));
}

#[test]
fn the_slow_log_hides_passwords_only() {
    let mut house = House::new(3);
    house.ask("config set slowlog-log-slower-than 0");
    house.ask("config set masterauth secret hz 20");
    house.ask("config set slowlog-log-slower-than -1");
    let log = house.ask("slowlog get");
    assert!(log.contains("masterauth\r\n$10\r\n(redacted)\r\n$2\r\nhz\r\n$2\r\n20\r\n"), "{log}");
    assert!(!log.contains("secret"));
    assert_eq!(house.ask("slowlog get -2"), "-ERR count should be greater than or equal to -1\r\n");
}

#[test]
fn settings_change_together_or_not_at_all() {
    let mut house = House::new(4);
    let refused = house.ask("config set hz 33 maxmemory-policy nonsense");
    assert!(refused.starts_with("-ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy')"));
    assert_eq!(house.ask("config get hz"), "*2\r\n$2\r\nhz\r\n$2\r\n10\r\n");
    assert_eq!(house.ask("config set hz 33 databases"), "-ERR syntax error\r\n");
    assert_eq!(house.ask("config set hz 33 timeout 5"), "+OK\r\n");
    assert_eq!(house.ask("config get hz"), "*2\r\n$2\r\nhz\r\n$2\r\n33\r\n");
}

#[test]
fn a_replica_refuses_writes_and_hides_what_is_due() {
    let mut house = House::new(5);
    house.ask("set short x px 5");
    assert_eq!(house.ask("replicaof 10.0.0.1 6379"), "+OK\r\n");
    assert_eq!(house.ask("replicaof 10.0.0.1 6379"), "+OK Already connected to specified master\r\n");
    assert_eq!(house.ask("replicaof 10.0.0.1 x"), "-ERR Invalid master port\r\n");
    assert!(house.ask("set a b").starts_with("-READONLY "));
    assert_eq!(field(&mut house, "master_link_status").as_deref(), Some("down"));
    assert_eq!(house.ask("role"), "*5\r\n$5\r\nslave\r\n$8\r\n10.0.0.1\r\n:6379\r\n$7\r\nconnect\r\n:-1\r\n");
    house.pass_ms(10);
    assert_eq!((house.ask("get short"), house.ask("dbsize")), ("$-1\r\n".into(), ":1\r\n".into()));
    assert_eq!(house.ask("replicaof no one"), "+OK\r\n");
    house.pass_ms(1);
    assert_eq!((house.ask("dbsize"), house.ask("set a b")), (":0\r\n".into(), "+OK\r\n".into()));
    assert_eq!(field(&mut house, "role").as_deref(), Some("master"));
}

#[test]
fn info_sections_are_chosen_by_name() {
    let mut house = House::new(6);
    let mut titles = |request: &str| -> Vec<String> {
        let text = house.ask(request);
        text.lines().filter_map(|line| line.strip_prefix("# ")).map(str::to_string).collect()
    };
    assert_eq!(titles("info CLIENTS server"), ["Server", "Clients"]);
    assert_eq!(titles("info nonsense"), [""; 0]);
    assert_eq!(titles("info all"), titles("info everything"));
    let default = titles("info");
    assert_eq!(default, titles("info default"));
    assert!(!default.contains(&"Commandstats".to_string()) && default.contains(&"Errorstats".to_string()));
    assert_eq!(titles("info default commandstats").len(), default.len() + 1);
}
