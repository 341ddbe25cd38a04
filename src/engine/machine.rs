//! The machine without sockets: keyspace, clients, commands and what they share. A whole server runs in a test with
//! nothing but this and a virtual clock.

use super::aof::{Aof, Hold};
use super::args::Args;
use super::blocking::Blocking;
use super::client::{Client, Clients, Closing};
use super::error::Error;
use super::limits::passes_output_limit;
use super::links::{Link, LinkError, Links};
use super::loading::Loading;
use super::meters::Meters;
use super::output::CHUNK_BYTES;
use super::pause::Pause;
use super::saving::{ChildNews, Saving};
use super::table::CommandTable;
use super::tracking::Tracking;
use super::walks::Walks;
use super::watch::WatchIndex;
use crate::config::{Config, ShutdownFlags};
use crate::ids::{ClientId, UnixMs};
use crate::keyspace::Keyspace;
use crate::persist::rdb::SaveOptions;
use crate::pubsub::{Kind, PubSub};
use crate::resp::reply::Reply;
use crate::sys::clock;

/// What the machine asks of the program around it: the things that need sockets, files or processes.
pub trait Host {
    /// Makes a changed setting take effect. An error takes the change back.
    fn apply(&mut self, effect: crate::config::Effect, config: &Config) -> Result<(), String>;
    /// Makes a directory the one that relative names count from; its name from the root.
    ///
    /// # Errors
    /// What CONFIG SET answers when that does not go.
    fn change_dir(&mut self, dir: &[u8]) -> Result<Vec<u8>, String> {
        Ok(dir.to_vec())
    }
    /// Bytes the process holds in memory.
    fn rss_bytes(&self) -> usize;
    /// Values that helper threads have still to free.
    fn pending_frees(&self) -> usize;
    /// How many bytes those take.
    fn pending_free_bytes(&self) -> usize {
        0
    }
    /// The listening sockets as INFO describes them.
    fn listeners(&self, config: &Config) -> Vec<String>;
    /// A signal asked for the end, and it has not begun.
    fn shutdown_requested(&self) -> bool;
    /// Stops the whole server for a while (DEBUG SLEEP), and tells what time it is then.
    fn halt(&mut self, us: u64) -> TurnClock;
    /// Writes the data file, and logs what comes of it; false if it failed.
    fn save(&mut self, _space: &Keyspace, _config: &Config, _options: &SaveOptions<'_>) -> bool {
        false
    }
    /// Has a child write the data file: its process id.
    ///
    /// # Errors
    /// Why there is none.
    fn fork_save(
        &mut self,
        _space: &Keyspace,
        _config: &Config,
        _options: &SaveOptions<'_>,
    ) -> Result<i32, String> {
        Err("no processes here".to_string())
    }
    /// Writes the base of an append-only file, and logs what comes of it; false if it failed.
    fn write_base(
        &mut self,
        _space: &Keyspace,
        _config: &Config,
        _options: &SaveOptions<'_>,
        _base: &Base<'_>,
    ) -> bool {
        false
    }
    /// Has a child write the base of an append-only file: its process id.
    ///
    /// # Errors
    /// Why there is none.
    fn fork_rewrite(
        &mut self,
        _space: &Keyspace,
        _config: &Config,
        _options: &SaveOptions<'_>,
        _base: &Base<'_>,
    ) -> Result<i32, String> {
        Err("no processes here".to_string())
    }
    /// What is new of that child, one piece at a time.
    fn poll_child(&mut self) -> Option<ChildNews> {
        None
    }
    /// Waits for the end of that child, which was told to end, and tells nothing of it.
    fn forget_child(&mut self) {}
    /// Sends that child a signal that ends it.
    fn stop_child(&mut self, _pid: i32, _signal: i32) {}
    /// Opens the data file, and tells how long it is, if that is known.
    ///
    /// # Errors
    /// What opening it answers: that it is not there, or something worse.
    fn open_data(&mut self, _config: &Config) -> std::io::Result<(Box<dyn std::io::Read>, Option<u64>)> {
        Err(std::io::ErrorKind::NotFound.into())
    }
    /// Opens a connection to another server, within so many milliseconds, to be waited on.
    ///
    /// # Errors
    /// Why there is none.
    fn dial(&mut self, _host: &[u8], _port: u16, _timeout_ms: u64) -> Result<Box<dyn Link>, LinkError> {
        Err(LinkError::Refused)
    }
    /// Writes the configuration file anew.
    fn rewrite_config(&mut self, config: &Config, force_all: bool) -> Result<(), String>;
}

/// The base of an append-only file, as it is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    /// Where; a child of process id N appends `N.aof`.
    pub target: &'a std::path::Path,
    /// In the format of data files, or as commands.
    pub as_rdb: bool,
    /// The second to begin commands with.
    pub stamp_s: Option<i64>,
}

/// The time of the running turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct TurnClock {
    pub now_ms: UnixMs,
    pub now_us: i64,
    pub monotonic_us: u64,
}

impl TurnClock {
    pub fn new(now_us: i64, monotonic_us: u64) -> Self {
        TurnClock { now_us, now_ms: now_us / 1000, monotonic_us }
    }
}

/// The machine.
pub struct Engine {
    pub keyspace: Keyspace,
    pub clients: Clients,
    pub commands: CommandTable,
    pub config: Config,
    pub pubsub: PubSub<u64>,
    pub watch: WatchIndex,
    pub tracking: Tracking,
    pub blocking: Blocking,
    pub walks: Walks,
    pub pause: Pause,
    pub stats: Meters,
    pub clock: TurnClock,
    pub server: ServerFacts,
    pub host: Box<dyn Host>,
    /// Clients that got output this turn.
    pub writers: Vec<ClientId>,
    /// Clients to be freed at the end of the turn.
    pub closing: Vec<ClientId>,
    /// MONITOR clients, in the order they came.
    pub monitors: Vec<ClientId>,
    /// Everything that goes to AOF and replicas, when somebody reads it.
    pub feed: Option<Feed>,
    /// What the loop shall do once the turn is over.
    pub requests: Vec<TurnRequest>,
    /// Clients that may go on after they waited: the loop looks at their unparsed bytes again.
    pub resumed: Vec<ClientId>,
    /// Units run inside one another: 0 outside commands, 1 in a command, 2 in a command of EXEC.
    pub(super) depth: u32,
    /// The client whose command runs, or ran last; none in what the server does by itself.
    pub(super) current: Option<ClientId>,
    /// Ticks at which the last command ended: the next one starts there.
    pub(super) last_ticks: u64,
    /// An eviction was cut short by its time limit.
    pub(super) evicting: bool,
    /// DEBUG PAUSE-CRON: the periodic duties rest.
    pub cron_paused: bool,
    /// How long a reply buffer's peak is remembered; `None` for ever.
    pub reply_peak_reset_ms: Option<i64>,
    /// Reply buffers shrink and grow with their use.
    pub reply_resizing: bool,
    /// DEBUG CLIENT-ENFORCE-REPLY-LIST: a stranger may leave nothing unread.
    pub strict_output: bool,
    /// What all clients together hold, while `maxmemory-clients` asks for it.
    pub client_totals: super::limits::ClientTotals,
    /// When somebody was last reported to speak HTTP to us, in seconds.
    pub(super) attack_seconds: i64,
    /// The time after a sleep inside a transaction, which holds from the transaction's end on.
    pub slept: Option<TurnClock>,
    /// DEBUG SET-SKIP-CHECKSUM-VALIDATION: payloads and files are believed without their checksum.
    pub skip_checksum: bool,
    /// Changes since the last save, as INFO shows them.
    pub dirty_since_save: u64,
    pub saving: Saving,
    /// The load under way, between two slices of it.
    pub loading: Option<Box<Loading>>,
    pub aof: Aof,
    /// Which replies wait for the log.
    pub hold: Hold,
    /// Connections to other servers that may be used again.
    pub links: Links,
}

/// Facts about the process that do not change while it runs.
#[derive(Clone, Debug, Default)]
pub struct ServerFacts {
    pub run_id: String,
    pub repl_id: String,
    pub executable: String,
    pub config_file: String,
    pub started_ms: UnixMs,
    pub pid: i32,
    pub tcp_port: u16,
    pub loading: bool,
    pub os: String,
    /// `upstart`, `systemd` or `no`.
    pub supervised: &'static str,
    /// Initial memory use, subtracted as "startup" memory.
    pub startup_memory: usize,
}

/// What the loop is asked to do after a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnRequest {
    /// SHUTDOWN of a client, which waits for it.
    Shutdown {
        client: ClientId,
        flags: ShutdownFlags,
    },
    AbortShutdown,
}

/// The log of changes as RESP, with the database it stands in.
#[derive(Debug, Default)]
pub struct Feed {
    pub bytes: Vec<u8>,
    /// Units in `bytes`.
    pub units: usize,
    pub db: Option<u16>,
    pub offset: u64,
    /// The last second that was written into it (`aof-timestamp-enabled`).
    pub stamped_s: i64,
}

impl Engine {
    /// A machine with empty databases.
    pub fn new(
        commands: CommandTable,
        config: Config,
        server: ServerFacts,
        keyspace: Keyspace,
        host: Box<dyn Host>,
    ) -> Self {
        let saving = Saving::new(server.started_ms / 1000);
        let mut engine = Engine {
            saving,
            loading: None,
            aof: Aof::default(),
            hold: Hold::default(),
            links: Links::default(),
            tracking: Tracking::new(keyspace.hasher),
            keyspace,
            clients: Clients::default(),
            stats: Meters::new(commands.len()),
            commands,
            config,
            pubsub: PubSub::default(),
            watch: WatchIndex::default(),
            blocking: Blocking::default(),
            walks: Walks::default(),
            pause: Pause::default(),
            clock: TurnClock::default(),
            server,
            host,
            writers: Vec::new(),
            closing: Vec::new(),
            monitors: Vec::new(),
            feed: None,
            requests: Vec::new(),
            resumed: Vec::new(),
            depth: 0,
            current: None,
            last_ticks: clock::ticks(),
            evicting: false,
            cron_paused: false,
            reply_peak_reset_ms: Some(5000),
            reply_resizing: true,
            strict_output: false,
            client_totals: Default::default(),
            attack_seconds: i64::MIN / 2,
            slept: None,
            skip_checksum: false,
            dirty_since_save: 0,
        };
        engine.renew_interest();
        engine.renew_access();
        engine.renew_expiry_mode();
        engine
    }

    /// Starts a turn after a wait. The monotonic time is read off the tick counter, which the first command's duration
    /// starts from as well: one clock read less.
    #[inline]
    pub fn start_turn(&mut self, now_us: i64) {
        self.last_ticks = clock::ticks();
        self.set_clock(now_us, clock::ticks_to_ns(self.last_ticks) / 1000);
    }

    /// The reply of a client, to be written to.
    #[inline]
    pub fn reply(&mut self, id: ClientId) -> Reply<'_> {
        let client = &mut self.clients[id];
        Reply::new(&mut client.out.buf, client.session.proto)
    }

    pub fn client(&mut self, id: ClientId) -> &mut Client {
        &mut self.clients[id]
    }

    /// How long until an ordered shutdown gives up waiting, while one is under way.
    pub fn shutdown_left_ms(&self) -> Option<i64> {
        None
    }

    /// The listening sockets as INFO describes them.
    pub fn listeners(&self) -> Vec<String> {
        self.host.listeners(&self.config)
    }

    /// How many channels and patterns somebody is subscribed to.
    pub fn channel_counts(&self) -> super::client::SubCounts {
        super::client::SubCounts {
            channels: self.pubsub.names_count(Kind::Channel),
            patterns: self.pubsub.names_count(Kind::Pattern),
            shards: self.pubsub.names_count(Kind::Shard),
        }
    }

    /// Whether the running command is part of a transaction, so that it must answer at once.
    pub fn must_not_block(&self) -> bool {
        self.depth > 1
    }

    /// The command that a client runs, or ran last.
    pub fn running(&self, id: ClientId) -> super::table::CommandId {
        self.clients[id].last_command.unwrap_or(super::table::CommandId(0))
    }

    /// Sets the time of the turn.
    pub fn set_clock(&mut self, now_us: i64, monotonic_us: u64) {
        self.clock = TurnClock::new(now_us, monotonic_us);
        self.keyspace.now_ms = self.clock.now_ms;
        self.keyspace.access.lru_clock = crate::keyspace::lru_clock(self.clock.now_ms);
    }

    /// Goes on after a command that took its time. Within a transaction time stands still until its end.
    pub fn go_on_at(&mut self, after: TurnClock) {
        if self.must_not_block() {
            self.slept = Some(after);
        } else {
            self.set_clock(after.now_us, after.monotonic_us);
        }
    }

    /// A new client.
    pub fn connect(&mut self) -> ClientId {
        let now_ms = self.clock.now_ms;
        let needs_auth = !self.config.requirepass.is_empty();
        let client = self.clients.add(now_ms);
        client.session.authenticated = !needs_auth;
        client.id
    }

    /// Forgets a client: its subscriptions, watched keys, waiting. The loop calls it once the socket is closed.
    pub fn disconnect(&mut self, id: ClientId) {
        self.unwatch(id);
        self.unblock_silently(id);
        self.drop_subscriptions(id);
        self.stop_monitoring(id);
        self.stop_tracking(id);
        self.uncount_memory(id);
        self.clients.remove(id);
    }

    /// Shows a client every command from now on.
    pub fn start_monitoring(&mut self, id: ClientId) {
        if !self.clients[id].monitor {
            self.clients[id].monitor = true;
            self.monitors.push(id);
        }
    }

    /// Takes a client off the list of monitors.
    pub fn stop_monitoring(&mut self, id: ClientId) {
        self.monitors.retain(|monitor| *monitor != id);
        if let Some(client) = self.clients.get_mut(id) {
            client.monitor = false;
        }
    }

    /// Ends all subscriptions of a client, without telling it.
    pub fn drop_subscriptions(&mut self, id: ClientId) {
        if self.clients.get(id).is_some_and(|client| client.subs.any()) {
            self.pubsub.drop_client(id.to_u64());
            self.count_subscriptions(id);
        }
    }

    /// Notes how many subscriptions a client has.
    pub fn count_subscriptions(&mut self, id: ClientId) {
        let subscriber = id.to_u64();
        self.clients[id].subs = super::client::SubCounts {
            channels: self.pubsub.count_of(Kind::Channel, subscriber),
            patterns: self.pubsub.count_of(Kind::Pattern, subscriber),
            shards: self.pubsub.count_of(Kind::Shard, subscriber),
        };
    }

    /// Notes that a client has something to be written.
    #[inline]
    pub fn note_output(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.aside.is_none() {
            client.out.settle();
        }
        if !client.queued_write && !client.out.is_empty() {
            client.queued_write = true;
            self.writers.push(id);
        }
        if self.hold.active {
            self.hold_output(id, self.log_end());
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        let strangers = if self.strict_output { 0 } else { CHUNK_BYTES };
        let limits = &self.config.client_output_buffer_limit;
        if passes_output_limit(client, limits, strangers, self.clock.now_ms) {
            self.close_for_output(id);
        }
        if self.config.maxmemory_clients != 0 {
            self.count_memory(id);
        }
    }

    /// Closes a client at the end of the turn, without sending what it has pending.
    pub fn close_now(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.closing != Some(Closing::Now) {
            client.closing = Some(Closing::Now);
            self.closing.push(id);
            self.uncount_memory(id);
        }
    }

    /// Writes an error reply and counts it.
    pub(super) fn reply_error(&mut self, id: ClientId, error: &Error) {
        let text = error.render().into_owned();
        self.count_error(&text);
        self.reply(id).error(text);
    }

    /// Runs one command given as owned slices, as a test or the loop's own duties do.
    pub fn execute_slices(&mut self, id: ClientId, slices: &[&[u8]]) -> super::call::Verdict {
        let args = Args::new(slices);
        let command = self.commands.resolve(&args);
        self.execute(super::call::Request { client: id, args, command })
    }
}
