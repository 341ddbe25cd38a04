//! The dictionary behind everything: lookups with and without asking for memory ahead.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use spinel::table::{Dict, Hasher, Word};
use std::hint::black_box;

const ENTRIES: u64 = 1_000_000;

/// A dictionary of boxed numbers, each found by the hash of its bytes.
fn filled(hasher: &Hasher) -> (Dict, Vec<u64>) {
    let mut dict = Dict::new();
    let numbers: Vec<u64> = (1..=ENTRIES).collect();
    let rehash = |word: Word| hasher.hash(&word.get().to_le_bytes());
    for number in &numbers {
        let word = Word::new(*number).expect("small numbers are words");
        dict.insert(hasher.hash(&number.to_le_bytes()), word, rehash);
    }
    (dict, numbers)
}

fn find(c: &mut Criterion) {
    let hasher = Hasher::new(1, 2);
    let (dict, numbers) = filled(&hasher);
    let mut group = c.benchmark_group("dict");
    group.throughput(Throughput::Elements(16));
    let mut at = 0usize;
    let mut batch = move || {
        at = (at + 7919 * 16) % (numbers.len() - 16);
        numbers[at..at + 16].to_vec()
    };
    group.bench_function("find 16", |b| {
        b.iter(|| {
            for number in batch() {
                let hash = hasher.hash(&number.to_le_bytes());
                black_box(dict.find(hash, |word| word.get() == number));
            }
        });
    });
    group.bench_function("find 16, asked for ahead", |b| {
        b.iter(|| {
            let hashes: Vec<(u64, u64)> =
                batch().into_iter().map(|number| (number, hasher.hash(&number.to_le_bytes()))).collect();
            hashes.iter().for_each(|(_, hash)| dict.prefetch_bucket(*hash));
            for (number, hash) in hashes {
                black_box(dict.find(hash, |word| word.get() == number));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, find);
criterion_main!(benches);
