//! Sorted sets where the log and the waiting are concerned.

use super::house::House;
use super::propagation::log_of;

fn second_client(house: &mut House) -> spinel::ids::ClientId {
    let first = house.client;
    house.client = house.engine.connect();
    first
}

#[test]
fn pops_are_written_as_what_they_took() {
    let mut house = House::new(11);
    house.record();
    for line in [
        "ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g",
        "ZMPOP 2 none z MIN COUNT 2",
        "ZMPOP 1 z MAX",
        "BZPOPMIN none z 0",
        "BZMPOP 0 1 z MAX COUNT 100",
        "ZPOPMIN z",
        "GEOADD g CH 13.361389 38.115556 Palermo",
    ] {
        house.ask(line);
    }
    let expected = [
        "SELECT 0",
        "ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g",
        "ZPOPMIN z 2",
        "ZPOPMAX z 1",
        "ZPOPMIN z",
        "ZPOPMAX z 3",
        "zadd g CH 3479099956230698 Palermo",
    ];
    assert_eq!(log_of(&house), expected);
}

#[test]
fn who_waits_is_served_in_order_of_arrival_and_the_log_tells_it() {
    let mut house = House::new(12);
    house.record();
    let first = house.client;
    assert_eq!(house.ask("BZPOPMAX other z 0"), "");
    second_client(&mut house);
    let second = house.client;
    assert_eq!(house.ask("BZMPOP 0 1 z MIN COUNT 5"), "");
    second_client(&mut house);
    assert_eq!(house.ask("ZADD z 1 a 2 b 3 c"), ":3\r\n");
    let mut said = |id| String::from_utf8_lossy(&house.engine.client(id).out.drain()).into_owned();
    assert_eq!(said(first), "*3\r\n$1\r\nz\r\n$1\r\nc\r\n$1\r\n3\r\n");
    assert_eq!(
        said(second),
        "*2\r\n$1\r\nz\r\n*2\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n"
    );
    assert_eq!(log_of(&house), ["SELECT 0", "ZADD z 1 a 2 b 3 c", "ZPOPMAX z", "ZPOPMIN z 2"]);
}

#[test]
fn stored_ranges_and_unions_are_written_as_they_came() {
    let mut house = House::new(13);
    house.ask("ZADD z 1 a 2 b 3 c");
    house.record();
    assert_eq!(house.ask("ZRANGESTORE d z 0 1"), ":2\r\n");
    assert_eq!(house.ask("ZUNIONSTORE d 2 d z AGGREGATE MAX"), ":3\r\n");
    assert_eq!(house.ask("ZDIFFSTORE d 2 z z"), ":0\r\n");
    assert_eq!(house.ask("ZDIFFSTORE d 2 z z"), ":0\r\n");
    assert_eq!(house.ask("EXISTS d"), ":0\r\n");
    let expected =
        ["SELECT 0", "ZRANGESTORE d z 0 1", "ZUNIONSTORE d 2 d z AGGREGATE MAX", "ZDIFFSTORE d 2 z z"];
    assert_eq!(log_of(&house), expected);
}
