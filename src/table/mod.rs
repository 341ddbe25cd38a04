//! The segmented dictionary and the slab allocator behind the keyspace and every big collection. Knows no Redis type.
