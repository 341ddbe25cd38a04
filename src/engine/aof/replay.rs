//! Running the commands of a log, from where the last slice of loading stopped. Knows one file at a time.

use super::super::args::{Args, OwnedArgs};
use super::super::client::Client;
use super::super::error::Error;
use super::super::loading::{Meter, Ran};
use super::super::machine::Engine;
use super::super::table::CommandId;
use super::ahead::Ahead;
use super::state::{in_dir, shown};
use crate::ids::ClientId;
use crate::persist::aof::{LogReader, ReadError};
use crate::persist::files::append_all;
use crate::sys::errno::reason;
use std::io::Read;

/// A log that is being replayed.
pub struct Replay {
    log: LogReader<'static>,
    ahead: Ahead,
    /// Who runs its commands: here between slices, so that nobody sees it.
    client: Option<Box<Client>>,
    /// The transaction that has begun and not ended: it runs as a whole or not at all.
    unit: Option<Vec<(CommandId, OwnedArgs)>>,
    /// Up to where all commands ran.
    valid: u64,
    /// Bytes of the file.
    size: u64,
}

/// What became of one file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FileLoad {
    /// There is more of it.
    Open,
    Whole,
    /// Its torn end was cut off.
    Cut,
    Failed,
}

impl Replay {
    /// Replays what `input` has behind its first `skipped` bytes, of a file of `size` bytes.
    pub(super) fn new(input: impl Read + 'static, skipped: u64, size: u64, now_ms: i64) -> Replay {
        let log = LogReader::new(input, skipped);
        let mut client = Box::new(Client::new(ClientId { index: 0, generation: 0 }, 0, now_ms));
        client.session.obeyed = true;
        client.session.authenticated = true;
        Replay { valid: log.offset(), log, ahead: Ahead::default(), client: Some(client), unit: None, size }
    }

    pub(super) fn offset(&self) -> u64 {
        self.log.offset()
    }

    /// Up to where all commands ran.
    pub(super) fn valid(&self) -> u64 {
        self.valid
    }
}

impl Engine {
    /// Runs commands of a log until the slice is used up, or until its end, which is looked into.
    pub(super) fn replay_file(&mut self, name: &[u8], replay: &mut Replay, meter: &mut Meter) -> FileLoad {
        let Some(client) = replay.client.take() else { return FileLoad::Failed };
        let id = self.clients.lend(client);
        let ran = self.replay(id, replay, meter);
        replay.client = self.clients.remove(id);
        let name_shown = shown(name);
        match ran {
            Ok(Ok(Ran::Spent)) => FileLoad::Open,
            Ok(Ok(_)) => self.end_replay(name, replay, None),
            Ok(Err(error)) => self.end_replay(name, replay, Some(error)),
            Err(error) => {
                let text = error.render().into_owned();
                let text = text.strip_prefix("ERR ").unwrap_or(&text);
                tracing::warn!("Error reading the append only file {name_shown}, error: {text}");
                FileLoad::Failed
            }
        }
    }

    /// Runs the commands of a log, transactions whole or not at all. The outer error is a command that does not exist.
    fn replay(
        &mut self,
        id: ClientId,
        replay: &mut Replay,
        meter: &mut Meter,
    ) -> Result<Result<Ran, ReadError>, Error> {
        let mut words: Vec<&[u8]> = Vec::new();
        meter.resume(replay.log.offset());
        loop {
            match replay.log.advance() {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(Ran::End)),
                Err(error) => return Ok(Err(error)),
            }
            let mut few = std::mem::take(&mut words);
            few.extend(replay.log.args());
            self.look_ahead(self.clients[id].session.db, &replay.log, &mut replay.ahead);
            let (known, args) = replay.ahead.of_this(Args::new(&few));
            let command = known.map_or_else(|| self.commands.resolve(&args), Ok)?;
            match (self.commands.get(command).spec.name, replay.unit.take()) {
                ("multi", None) => replay.unit = Some(Vec::new()),
                ("exec", Some(queue)) => {
                    for (command, owned) in &queue {
                        let slices = owned.slices();
                        self.replay_one(id, *command, &Args::new(&slices));
                    }
                }
                (_, Some(mut queue)) => {
                    queue.push((command, args.to_owned()));
                    replay.unit = Some(queue);
                }
                (_, None) => self.replay_one(id, command, &args),
            }
            few.clear();
            // The same allocation for the next command, whose arguments live elsewhere.
            words = few.into_iter().map(|_| -> &[u8] { &[] }).collect();
            let offset = replay.log.offset();
            if replay.unit.is_none() {
                replay.valid = offset;
            }
            if !self.load_goes_on(meter, offset) {
                return Ok(Ok(Ran::Spent));
            }
        }
    }

    /// Runs one command of a log: it was let through when it was logged.
    fn replay_one(&mut self, id: ClientId, command: CommandId, args: &Args<'_>) {
        self.depth += 2;
        // An error then was an error when it was logged.
        let _ = self.run(id, command, args);
        self.depth -= 2;
        self.keyspace.effects.clear();
        self.client(id).out.buf.clear();
    }

    /// What the end of a log is worth: all of it, or a torn end that may be cut off, or nothing.
    fn end_replay(&mut self, name: &[u8], replay: &Replay, error: Option<ReadError>) -> FileLoad {
        let name_shown = shown(name);
        match &error {
            None if replay.unit.is_none() => return FileLoad::Whole,
            None => tracing::warn!("Revert incomplete MULTI/EXEC transaction in AOF file {name_shown}"),
            Some(ReadError::Truncated) => {}
            Some(ReadError::Zeroes) => {
                tracing::warn!("The AOF file {name_shown} ends in zero bytes, as after a power cut");
            }
            Some(ReadError::Io(error)) => {
                let why = reason(error);
                tracing::warn!("Unrecoverable error reading the append only file {name_shown}: {why}");
                return FileLoad::Failed;
            }
            Some(ReadError::Format) => {
                tracing::warn!(
                    "Bad file format reading the append only file {name_shown}: make a backup of your AOF file, then \
                     use ./redis-check-aof --fix <filename.manifest>"
                );
                return FileLoad::Failed;
            }
        }
        if self.config.aof_load_truncated && self.cut_tail(name, replay.valid, replay.size) {
            return FileLoad::Cut;
        }
        tracing::warn!(
            "Unexpected end of file reading the append only file {name_shown}. You can: 1) Make a backup of your AOF \
             file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the \
             'aof-load-truncated' configuration option to yes and restart the server."
        );
        FileLoad::Failed
    }

    /// Cuts off what is behind the last whole command, and keeps a copy of it.
    fn cut_tail(&mut self, name: &[u8], valid: u64, size: u64) -> bool {
        let file = in_dir(&self.config, name);
        let shown = shown(name);
        tracing::warn!("!!! Warning: short read while loading the AOF file {shown}!!!");
        tracing::warn!("!!! Truncating the AOF {shown} at offset {valid} !!!");
        let disk = &*self.aof.disk;
        let copy = format!("{}.broken-{}", file.display(), self.clock.now_ms / 1000);
        let kept = disk.open(&file).and_then(|mut input| {
            std::io::copy(&mut (&mut *input).take(valid), &mut std::io::sink())?;
            let mut tail = Vec::new();
            input.read_to_end(&mut tail)?;
            append_all(&*disk.create(std::path::Path::new(&copy))?, &tail)
        });
        match kept {
            Ok(()) => {
                let cut = size.saturating_sub(valid);
                tracing::warn!("The {cut} bytes behind that offset are kept in {copy}");
            }
            Err(error) => {
                tracing::warn!("What is cut off could not be copied to {copy}: {}", reason(&error));
            }
        }
        if let Err(error) = disk.truncate(&file, valid) {
            tracing::warn!("Error truncating the AOF file {shown}: {}", reason(&error));
            return false;
        }
        tracing::warn!("AOF {shown} loaded anyway because aof-load-truncated is enabled");
        true
    }
}
