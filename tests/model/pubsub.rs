//! Subscriptions against plain lists: counts, order, and who is told what.

use proptest::prelude::*;
use spinel::pubsub::{Change, Kind, PubSub};

const KINDS: [Kind; 3] = [Kind::Channel, Kind::Pattern, Kind::Shard];

#[derive(Debug, Clone)]
enum Op {
    Subscribe(Kind, u64, String),
    Unsubscribe(Kind, u64, String),
    UnsubscribeAll(Kind, u64),
    Close(String),
    Drop(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let kind = (0..3usize).prop_map(|kind| KINDS[kind]);
    let client = 0..6u64;
    let name = (0..5u8, prop::bool::ANY).prop_map(|(n, star)| format!("{n}{}", if star { "*" } else { "" }));
    let op = prop_oneof![
        6 => (kind.clone(), client.clone(), name.clone()).prop_map(|(k, c, n)| Op::Subscribe(k, c, n)),
        3 => (kind.clone(), client.clone(), name.clone()).prop_map(|(k, c, n)| Op::Unsubscribe(k, c, n)),
        1 => (kind, client.clone()).prop_map(|(k, c)| Op::UnsubscribeAll(k, c)),
        1 => name.prop_map(Op::Close),
        1 => client.prop_map(Op::Drop),
    ];
    prop::collection::vec(op, 1..120)
}

/// Every subscription, in the order in which they were made.
#[derive(Default)]
struct Plain(Vec<(Kind, u64, String)>);

impl Plain {
    fn count(&self, kind: Kind, client: u64) -> usize {
        let shard = kind == Kind::Shard;
        self.0.iter().filter(|(k, c, _)| *c == client && (*k == Kind::Shard) == shard).count()
    }

    fn subscribers(&self, kind: Kind, name: &str) -> Vec<u64> {
        self.0.iter().filter(|(k, _, n)| *k == kind && n == name).map(|(_, c, _)| *c).collect()
    }

    fn clients(&self) -> usize {
        (0..6).filter(|client| self.0.iter().any(|(_, c, _)| c == client)).count()
    }
}

fn step(pubsub: &mut PubSub<u64>, plain: &mut Plain, op: Op) {
    match op {
        Op::Subscribe(kind, client, name) => {
            let entry = (kind, client, name.clone());
            let changed = !plain.0.contains(&entry);
            if changed {
                plain.0.push(entry);
            }
            let count = plain.count(kind, client);
            assert_eq!(pubsub.subscribe(kind, client, name.as_bytes()), Change { changed, count });
        }
        Op::Unsubscribe(kind, client, name) => {
            let before = plain.0.len();
            plain.0.retain(|entry| *entry != (kind, client, name.clone()));
            let change = Change { changed: plain.0.len() < before, count: plain.count(kind, client) };
            assert_eq!(pubsub.unsubscribe(kind, client, name.as_bytes()), change);
        }
        Op::UnsubscribeAll(kind, client) => {
            while let Some((name, count)) = pubsub.unsubscribe_next(kind, client) {
                let first = plain.0.iter().position(|(k, c, _)| *k == kind && *c == client);
                let (_, _, expected) = plain.0.remove(first.expect("a subscription that the model has too"));
                assert_eq!((&*name, count), (expected.as_bytes(), plain.count(kind, client)));
            }
        }
        Op::Close(name) => {
            while let Some((client, count)) = pubsub.unsubscribe_shard(name.as_bytes()) {
                let first = plain.0.iter().position(|(k, _, n)| *k == Kind::Shard && *n == name);
                let (_, expected, _) = plain.0.remove(first.expect("a subscription that the model has too"));
                assert_eq!((client, count), (expected, plain.count(Kind::Shard, client)));
            }
        }
        Op::Drop(client) => {
            pubsub.drop_client(client);
            plain.0.retain(|(_, c, _)| *c != client);
        }
    }
}

fn compare(pubsub: &PubSub<u64>, plain: &Plain) {
    assert_eq!(pubsub.clients_count(), plain.clients());
    for kind in KINDS {
        let mut names: Vec<&str> = plain.0.iter().filter(|e| e.0 == kind).map(|e| e.2.as_str()).collect();
        for client in 0..6 {
            let of_client = plain.0.iter().filter(|(k, c, _)| *k == kind && *c == client);
            let expected: Vec<&[u8]> = of_client.map(|(_, _, n)| n.as_bytes()).collect();
            assert_eq!(pubsub.names_of(kind, client).collect::<Vec<_>>(), expected);
        }
        for name in &names {
            assert_eq!(
                pubsub.subscribers(kind, name.as_bytes()).collect::<Vec<_>>(),
                plain.subscribers(kind, name)
            );
        }
        names.sort();
        names.dedup();
        assert_eq!(pubsub.names_count(kind), names.len());
    }
    let mut told: Vec<(&[u8], u64)> = pubsub.pattern_subscribers(b"3x").collect();
    told.sort();
    let mut expected: Vec<(&[u8], u64)> =
        plain.subscribers(Kind::Pattern, "3*").into_iter().map(|client| (&b"3*"[..], client)).collect();
    expected.sort();
    assert_eq!(told, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn subscriptions_agree_with_plain_lists(ops in ops()) {
        let (mut pubsub, mut plain) = (PubSub::default(), Plain::default());
        for op in ops {
            step(&mut pubsub, &mut plain, op);
            compare(&pubsub, &plain);
        }
    }
}
