//! CLUSTER while the cluster is off: every sub-command is known and says so.

use crate::engine::{Error, Flags, Group, Spec};

/// The flags of what changes the cluster.
const CHANGES: Flags = Flags::ADMIN.with(Flags::NO_ASYNC_LOADING).with(Flags::STALE);

const VARIES: &[&str] = &["nondeterministic_output"];

/// What answers in every sub-command's place.
const fn off(name: &'static str, arity: i16, since: &'static str, flags: Flags) -> Spec {
    Spec::plain(name, arity)
        .flags(flags)
        .group(Group::Cluster)
        .since(since)
        .run(|_, _| Err(Error::ClusterDisabled))
}

pub static CLUSTER: Spec = Spec::plain("cluster", -2)
    .group(Group::Cluster)
    .since("3.0.0")
    .complexity("Depends on subcommand.")
    .summary("A container for Cluster commands.")
    .subcommands(&[
        &ADDSLOTS,
        &ADDSLOTSRANGE,
        &BUMPEPOCH,
        &COUNT_FAILURE_REPORTS,
        &COUNTKEYSINSLOT,
        &DELSLOTS,
        &DELSLOTSRANGE,
        &FAILOVER,
        &FLUSHSLOTS,
        &FORGET,
        &GETKEYSINSLOT,
        &HELP,
        &INFO,
        &KEYSLOT,
        &LINKS,
        &MEET,
        &MYID,
        &MYSHARDID,
        &NODES,
        &REPLICAS,
        &REPLICATE,
        &RESET,
        &SAVECONFIG,
        &SET_CONFIG_EPOCH,
        &SETSLOT,
        &SHARDS,
        &SLAVES,
        &SLOTS,
    ]);

static ADDSLOTS: Spec = off("addslots", -3, "3.0.0", CHANGES)
    .complexity("O(N) where N is the number of slots")
    .summary("Gives hash slots to this node.")
    .syntax("slot [slot ...]");

static ADDSLOTSRANGE: Spec = off("addslotsrange", -4, "7.0.0", CHANGES)
    .complexity("O(N) where N is the number of slots in the ranges")
    .summary("Gives ranges of hash slots to this node.")
    .syntax("<start-slot end-slot> [<start-slot end-slot> ...]");

static BUMPEPOCH: Spec =
    off("bumpepoch", 2, "3.0.0", CHANGES).summary("Advances the cluster's epoch.").tips(VARIES);

static COUNT_FAILURE_REPORTS: Spec =
    off("count-failure-reports", 3, "3.0.0", Flags::ADMIN.with(Flags::STALE))
        .complexity("O(N) where N is the number of failure reports")
        .summary("Counts the failure reports about a node.")
        .syntax("node-id")
        .tips(VARIES);

static COUNTKEYSINSLOT: Spec = off("countkeysinslot", 3, "3.0.0", Flags::STALE)
    .summary("Counts the keys in a hash slot.")
    .syntax("slot");

static DELSLOTS: Spec = off("delslots", -3, "3.0.0", CHANGES)
    .complexity("O(N) where N is the number of slots")
    .summary("Takes hash slots away from this node.")
    .syntax("slot [slot ...]");

static DELSLOTSRANGE: Spec = off("delslotsrange", -4, "7.0.0", CHANGES)
    .complexity("O(N) where N is the number of slots in the ranges")
    .summary("Takes ranges of hash slots away from this node.")
    .syntax("<start-slot end-slot> [<start-slot end-slot> ...]");

static FAILOVER: Spec = off("failover", -2, "3.0.0", CHANGES)
    .summary("Makes a replica take its primary's place.")
    .syntax("[FORCE | TAKEOVER]");

static FLUSHSLOTS: Spec =
    off("flushslots", 2, "3.0.0", CHANGES).summary("Takes all hash slots away from this node.");

static FORGET: Spec =
    off("forget", 3, "3.0.0", CHANGES).summary("Removes a node from the table of nodes.").syntax("node-id");

static GETKEYSINSLOT: Spec = off("getkeysinslot", 4, "3.0.0", Flags::STALE)
    .complexity("O(N) where N is the number of keys asked for")
    .summary("Returns names of keys in a hash slot.")
    .syntax("slot count")
    .tips(VARIES);

static HELP: Spec =
    off("help", 2, "5.0.0", Flags::LOADING.with(Flags::STALE)).summary("Explains the subcommands.");

static INFO: Spec = off("info", 2, "3.0.0", Flags::LOADING.with(Flags::STALE))
    .summary("Returns the state of this node.")
    .tips(VARIES);

static KEYSLOT: Spec = off("keyslot", 3, "3.0.0", Flags::STALE)
    .complexity("O(N) where N is the length of the key")
    .summary("Returns the hash slot of a key.")
    .syntax("key:string");

static LINKS: Spec = off("links", 2, "7.0.0", Flags::STALE)
    .complexity("O(N) where N is the number of nodes")
    .summary("Lists the TCP links to and from other nodes.")
    .tips(VARIES);

static MEET: Spec = off("meet", -4, "3.0.0", CHANGES)
    .summary("Makes two nodes talk to each other.")
    .syntax("ip port [cluster-bus-port]");

static MYID: Spec = off("myid", 2, "3.0.0", Flags::LOADING.with(Flags::STALE))
    .summary("Returns the identifier of this node.");

static MYSHARDID: Spec = off("myshardid", 2, "7.2.0", Flags::LOADING.with(Flags::STALE))
    .summary("Returns the identifier of the shard of this node.")
    .tips(VARIES);

static NODES: Spec = off("nodes", 2, "3.0.0", Flags::LOADING.with(Flags::STALE))
    .complexity("O(N) where N is the number of nodes")
    .summary("Returns the configuration of all nodes.")
    .tips(VARIES);

static REPLICAS: Spec = off("replicas", 3, "5.0.0", Flags::ADMIN.with(Flags::STALE))
    .complexity("O(N) where N is the number of replicas")
    .summary("Lists the replicas of a primary.")
    .syntax("node-id")
    .tips(VARIES);

static REPLICATE: Spec = off("replicate", 3, "3.0.0", CHANGES)
    .summary("Makes this node a replica of a primary.")
    .syntax("node-id");

static RESET: Spec = off("reset", -2, "3.0.0", Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::STALE))
    .complexity("O(N) where N is the number of nodes")
    .summary("Forgets the cluster.")
    .syntax("[HARD | SOFT]");

static SAVECONFIG: Spec =
    off("saveconfig", 2, "3.0.0", CHANGES).summary("Writes the configuration of the cluster to disk.");

static SET_CONFIG_EPOCH: Spec = off("set-config-epoch", 3, "3.0.0", CHANGES)
    .summary("Sets the epoch of a new node.")
    .syntax("config-epoch");

static SETSLOT: Spec = off("setslot", -4, "3.0.0", CHANGES)
    .summary("Binds a hash slot to a node.")
    .syntax("slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE> [TIMEOUT timeout]");

static SHARDS: Spec = off("shards", 2, "7.0.0", Flags::LOADING.with(Flags::STALE))
    .complexity("O(N) where N is the number of nodes")
    .summary("Returns the slots and nodes of all shards.")
    .tips(VARIES);

static SLAVES: Spec = off("slaves", 3, "3.0.0", Flags::ADMIN.with(Flags::STALE))
    .complexity("O(N) where N is the number of replicas")
    .summary("Lists the replicas of a primary.")
    .syntax("node-id")
    .deprecated("5.0.0", "`CLUSTER REPLICAS`")
    .tips(VARIES);

static SLOTS: Spec = off("slots", 2, "3.0.0", Flags::LOADING.with(Flags::STALE))
    .complexity("O(N) where N is the number of nodes")
    .summary("Returns which nodes serve which slots.")
    .deprecated("7.0.0", "`CLUSTER SHARDS`")
    .tips(VARIES);
