//! From a command line to a running server, and the way out.

use super::cron::Cron;
use super::daemon::{self, Supervisor};
use super::endpoint::Connections;
use super::helper::Helper;
use super::listening::Listening;
use super::log::{self, notice, warning};
use super::oom::OomScore;
use super::process::{Process, RESERVED_FDS, purge_aside};
use super::saving::Children;
use super::turn::Loop;
use super::{crash, signals, title};
use crate::config::{Config, Declaration, Disk, Invocation, LoadError, Loaded, Sources, load};
use crate::engine::machine::ServerFacts;
use crate::engine::table::CommandTable;
use crate::engine::{Engine, REDIS_VERSION, client_info, info};
use crate::keyspace::Keyspace;
use crate::sys::entropy::{Rng, random_bytes, random_hex};
use crate::sys::fd::EventFd;
use crate::sys::{clock, cpu, limits, process, proctitle, syscheck, witness};
use crate::table::Hasher;
use mio::{Events, Poll};
use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::rc::Rc;

/// Our own version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the program with this command line.
pub fn main(argv: Vec<OsString>) -> ExitCode {
    let argv: Vec<Vec<u8>> = argv.into_iter().map(OsString::into_vec).collect();
    match Invocation::parse(&argv) {
        Invocation::Version => {
            println!(
                "Redis server v={REDIS_VERSION} sha=00000000:0 malloc={} bits=64 build=spinel-{VERSION}",
                crate::sys::heap::allocator_name()
            );
            ExitCode::SUCCESS
        }
        Invocation::Help => {
            print!("{}", super::usage::TEXT);
            ExitCode::SUCCESS
        }
        Invocation::TestMemory(_) => {
            eprintln!("This build tests no memory: use memtest86 or the like.");
            ExitCode::FAILURE
        }
        Invocation::CheckSystem => {
            let (report, fine) = syscheck::check_system();
            print!("{report}");
            if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Invocation::Serve(sources) => start(&argv, &sources),
    }
}

/// Reads the configuration and serves by it.
fn start(argv: &[Vec<u8>], sources: &Sources) -> ExitCode {
    log::init();
    proctitle::init();
    // Now rather than when the first command is timed: it takes a few milliseconds.
    clock::Ticks::calibrate();
    let mut renames = Vec::new();
    let loaded = load(sources, &mut Disk, &mut |declaration| {
        if let Declaration::RenameCommand { from, to } = declaration {
            let table = CommandTable::new(&crate::commands::all(), &renames);
            table.check_rename(from, to)?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            renames.push((text(from), text(to)));
        }
        Ok(())
    });
    match loaded {
        Ok(loaded) => serve(argv, loaded, renames),
        Err(error @ LoadError::Unreadable { .. }) => {
            warning!("{}", error.report(REDIS_VERSION));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprint!("{}", error.report(&format!("Redis {REDIS_VERSION}")));
            ExitCode::FAILURE
        }
    }
}

fn serve(argv: &[Vec<u8>], loaded: Loaded, renames: Vec<(String, String)>) -> ExitCode {
    let mut config = loaded.config;
    let supervisor = daemon::supervise(config.supervised);
    if let Err(error) = log::open(&config) {
        eprintln!("Can't open the log file: {error}");
        return ExitCode::FAILURE;
    }
    log::apply(&config);
    let background = config.daemonize && supervisor.is_none();
    if background && let Err(error) = daemon::daemonize() {
        warning!("Can't run in the background: {error}");
        return ExitCode::FAILURE;
    }
    greet(loaded.file.is_some(), &loaded.warnings);
    crash::install(&config);
    if background || !config.pidfile.is_empty() {
        if config.pidfile.is_empty() {
            config.pidfile = daemon::DEFAULT_PIDFILE.to_vec();
        }
        daemon::create_pid_file(&config.pidfile);
        crash::remove_on_crash(&config.pidfile);
    }
    if !reserve_descriptors(&mut config) {
        return ExitCode::FAILURE;
    }
    let command = argv.first().cloned().unwrap_or_default();
    let file = loaded.file;
    title::show(&config, title::Facts { command: &command, config_file: file.as_deref(), sentinel: false });
    for promise in config.unkept_promises() {
        warning!("{promise}");
    }
    super::banner::show(&config);
    purge_aside(&config);
    keep_to_processors(&config);
    match assemble(config, file, renames, supervisor) {
        Ok(mut server) => run(&mut server, supervisor),
        Err(error) => {
            warning!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn greet(has_file: bool, warnings: &[String]) {
    let pid = process::pid();
    notice!("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
    notice!(
        "Redis version={REDIS_VERSION}, bits=64, commit=00000000, modified=0, pid={pid}, just started \
         (Spinel {VERSION})"
    );
    for line in warnings {
        warning!("{line}");
    }
    if has_file {
        notice!("Configuration loaded");
    } else {
        warning!(
            "Warning: no config file specified, using the default config. In order to specify a config file use \
             spinel /path/to/redis.conf"
        );
    }
}

/// Makes room for `maxclients` descriptors, or lowers `maxclients` to what there is.
fn reserve_descriptors(config: &mut Config) -> bool {
    let wanted = u64::from(config.maxclients) + RESERVED_FDS;
    let granted = limits::raise_open_files(wanted);
    let before = granted.before.unwrap_or(granted.limit);
    if granted.limit >= wanted {
        if before < wanted {
            notice!(
                "Increased maximum number of open files to {wanted} (it was originally set to {before})."
            );
        }
        return true;
    }
    if granted.limit <= RESERVED_FDS {
        warning!(
            "Your current 'ulimit -n' of {before} is not enough for the server to start. Please increase your open \
             file limit to at least {wanted}. Exiting."
        );
        return false;
    }
    let reason = granted.error.as_ref().map_or_else(String::new, crate::sys::errno::reason);
    warning!(
        "You requested maxclients of {} requiring at least {wanted} max file descriptors.",
        config.maxclients
    );
    warning!("Server can't set maximum open files to {wanted} because of OS error: {reason}.");
    config.maxclients = (granted.limit - RESERVED_FDS) as u32;
    warning!(
        "Current maximum open files is {}. maxclients has been reduced to {} to compensate for low ulimit. If you \
         need higher maxclients increase 'ulimit -n'.",
        granted.limit,
        config.maxclients
    );
    true
}

/// A hash that nobody outside can foresee.
fn random_hasher() -> Hasher {
    let mut key = [0u8; 16];
    random_bytes(&mut key);
    let word = |at: usize| u64::from_le_bytes(key[at..at + 8].try_into().expect("eight bytes"));
    Hasher::new(word(0), word(8))
}

/// Keeps this thread, and the helpers to come, to the processors that the configuration names.
fn keep_to_processors(config: &Config) {
    let failed = |directive: &str, error: std::io::Error| {
        warning!("Can't keep to the processors of '{directive}': {}", crate::sys::errno::reason(&error));
    };
    if let Err(error) = cpu::keep_helpers_on(&String::from_utf8_lossy(&config.bio_cpulist)) {
        failed("bio-cpulist", error);
    }
    if let Err(error) = cpu::bind_to_processors(&String::from_utf8_lossy(&config.server_cpulist)) {
        failed("server-cpulist", error);
    }
}

fn failed(what: &str, error: std::io::Error) -> String {
    format!("{what}: {}", crate::sys::errno::reason(&error))
}

/// Opens the sockets that the configuration names.
fn listen(poll: &Poll, config: &Config) -> Result<Listening, String> {
    let registry = poll.registry().try_clone().map_err(|e| failed("Error creating the event loop", e))?;
    let mut listening = Listening::new(registry);
    if listening.open(config).is_err() {
        return Err(format!("Failed listening on port {} (TCP), aborting.", config.port));
    }
    if listening.is_empty() {
        return Err("Configured to not listen anywhere, exiting.".to_string());
    }
    Ok(listening)
}

/// Puts the machine, its sockets and its helper together.
fn assemble(
    config: Config,
    file: Option<Vec<u8>>,
    renames: Vec<(String, String)>,
    supervisor: Option<Supervisor>,
) -> Result<Loop, String> {
    let poll = Poll::new().map_err(|e| failed("Error creating the event loop", e))?;
    let listening = Rc::new(RefCell::new(listen(&poll, &config)?));
    let helper = Helper::start().map_err(|e| failed("Error starting the helper threads", e))?;
    let now_ms = clock::wall_ms();
    let rng = Rng::from_entropy();
    let keyspace = Keyspace::new(config.databases as usize, random_hasher(), rng, now_ms);
    let facts = ServerFacts {
        run_id: random_hex(40),
        repl_id: random_hex(40),
        executable: std::env::current_exe().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default(),
        config_file: file.as_deref().map(|f| String::from_utf8_lossy(f).into_owned()).unwrap_or_default(),
        supervised: supervisor.map_or("no", Supervisor::word),
        started_ms: now_ms,
        pid: process::pid(),
        tcp_port: config.port,
        loading: false,
        os: process::kernel(),
        startup_memory: crate::sys::heap::used_memory(),
    };
    let commands = CommandTable::new(&crate::commands::all(), &renames);
    let mut oom = OomScore::default();
    if let Err(error) = oom.apply(&config) {
        warning!("{error}");
    }
    let host = Box::new(Process {
        listening: Rc::clone(&listening),
        pending: std::sync::Arc::clone(&helper.pending),
        config_file: file,
        children: Children::default(),
        oom,
    });
    let mut engine = Engine::new(commands, config, facts, keyspace, host);
    engine.set_clock(clock::wall_us(), clock::monotonic_us());
    Ok(Loop {
        engine,
        poll,
        events: Events::with_capacity(1024),
        listening,
        helper,
        connections: Connections::default(),
        queue: Default::default(),
        streak: 0,
        readable: Vec::new(),
        accepting: 0,
        stuck: 0,
        postponed: Vec::new(),
        held: Vec::new(),
        confirmed: 0,
        args: Default::default(),
        batch: Vec::new(),
        chunks: Default::default(),
        cron: Cron::default(),
        cpu_time: (0, 0),
        exit: None,
    })
}

fn run(server: &mut Loop, supervisor: Option<Supervisor>) -> ExitCode {
    match EventFd::new().and_then(|wake| server.watch_signals(wake)) {
        Ok(raw) => signals::install(raw),
        Err(error) => {
            warning!("Error setting up signals: {error}");
            return ExitCode::FAILURE;
        }
    }
    if let Err(error) = server.watch_log() {
        warning!("Error setting up the event loop: {error}");
        return ExitCode::FAILURE;
    }
    notice!("Server initialized");
    let ended = witness::during(server, testify, |server| {
        if !server.load_at_start()? {
            return Ok(false);
        }
        if server.exit.is_none() {
            announce(&server.engine.config, supervisor);
        }
        server.run().map(|()| true)
    });
    if let Ok(false) = ended {
        return ExitCode::FAILURE;
    }
    if let Some(supervisor) = supervisor {
        supervisor.stopping();
    }
    let config = &server.engine.config;
    if !config.pidfile.is_empty() {
        daemon::remove_pid_file(&config.pidfile);
    }
    if !config.unixsocket.is_empty() {
        notice!("Removing the unix socket file.");
        let _ = std::fs::remove_file(OsString::from_vec(config.unixsocket.clone()));
    }
    if let Err(error) = &ended {
        warning!("The event loop failed: {error}");
        return ExitCode::FAILURE;
    }
    warning!("Redis is now ready to exit, bye bye...");
    proctitle::set("");
    ExitCode::from(server.exit.unwrap_or(0))
}

/// Tells whoever waits for it that clients are served now.
fn announce(config: &Config, supervisor: Option<Supervisor>) {
    if config.port != 0 {
        notice!("Ready to accept connections tcp");
    }
    if !config.unixsocket.is_empty() {
        notice!("Ready to accept connections unix");
    }
    if let Some(supervisor) = supervisor {
        supervisor.ready(false);
    }
}

/// What a crash report tells of the server: its state and its clients, as far as they can be read.
fn testify(server: &Loop, out: &mut dyn Write) {
    crash::heading(out, "INFO OUTPUT");
    // What cannot be written has nowhere else to go.
    let _ = writeln!(out, "{}", info::render(&server.engine, &[]));
    crash::heading(out, "CLIENT LIST OUTPUT");
    let Engine { clients, commands, config, clock, .. } = &server.engine;
    for client in clients.iter() {
        let line = client_info::logged_line(client, commands, config, clock.now_ms);
        let _ = writeln!(out, "{line}");
    }
}
