//! The command table: from the bytes of a name to its Spec, with the counters kept for it.

use super::args::Args;
use super::error::Error;
use super::spec::{Run, Spec};

/// A command's number: its place in the table. Sub-commands have numbers of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct CommandId(pub u16);

/// One command or sub-command in the table.
pub struct Command {
    pub id: CommandId,
    pub spec: &'static Spec,
    /// "get", or "client|list" for a sub-command.
    pub full_name: String,
    pub parent: Option<CommandId>,
    pub subcommands: Vec<CommandId>,
    /// The argument to prefetch, if the first key's place is fixed; 0 otherwise.
    pub prefetch_arg: u8,
}

const SLOTS: usize = 4096;
const EMPTY: u16 = u16::MAX;

/// All commands, found by name in any case.
pub struct CommandTable {
    commands: Vec<Command>,
    /// Open addressing over top-level names, renamed ones under their new names.
    slots: Box<[u16; SLOTS]>,
    names: Vec<Name>,
}

/// The first eight bytes of a name, little-endian, in lower case if they are letters; shorter ones are filled up.
#[inline]
fn head_of(name: &[u8]) -> u64 {
    let word = if let Some(head) = name.first_chunk::<8>() {
        u64::from_le_bytes(*head)
    } else if let (Some(first), Some(last)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        // The two overlap where the name is shorter than eight, with the same bytes.
        u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (name.len() - 4))
    } else {
        name.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
    };
    word | 0x2020_2020_2020_2020
}

/// Where a name of this head and length is looked for first.
#[inline]
fn slot_of(head: u64, len: usize) -> usize {
    ((head ^ (len as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize
}

/// A name in the table.
#[derive(Default)]
struct Name {
    text: Box<[u8]>,
    /// [`head_of`] it, if the head alone tells it from all others of its length: up to eight letters.
    head: Option<u64>,
}

impl Name {
    fn new(text: &[u8]) -> Self {
        let told = text.len() <= 8 && text.iter().all(u8::is_ascii_alphabetic);
        Name { text: text.into(), head: told.then(|| head_of(text)) }
    }

    #[inline]
    fn is(&self, name: &[u8], head: u64) -> bool {
        self.text.len() == name.len()
            && match self.head {
                Some(own) => own == head,
                None => self.text.eq_ignore_ascii_case(name),
            }
    }
}

impl CommandTable {
    /// A table of these specs. `renames` maps names to new ones; an empty new name takes the command out.
    pub fn new(specs: &[&'static Spec], renames: &[(String, String)]) -> Self {
        let mut table = CommandTable {
            commands: Vec::new(),
            slots: vec![EMPTY; SLOTS].into_boxed_slice().try_into().expect("the length is SLOTS"),
            names: Vec::new(),
        };
        for spec in specs {
            let id = table.push(spec, spec.name.to_string(), None);
            for sub in spec.subcommands {
                let name = format!("{}|{}", spec.name, sub.name);
                let sub = table.push(sub, name, Some(id));
                table.commands[usize::from(id.0)].subcommands.push(sub);
            }
        }
        for i in 0..table.commands.len() {
            if table.commands[i].parent.is_none() {
                let name = table.commands[i].full_name.clone();
                let shown = renames.iter().rev().find(|(old, _)| old.eq_ignore_ascii_case(&name));
                let shown = shown.map_or(name.as_str(), |(_, new)| new);
                if !shown.is_empty() {
                    table.index(shown.to_lowercase().as_bytes(), i as u16);
                }
            }
        }
        table
    }

    fn push(&mut self, spec: &'static Spec, full_name: String, parent: Option<CommandId>) -> CommandId {
        let id = CommandId(self.commands.len() as u16);
        let prefetch_arg = match spec.keys.first() {
            Some(key) => match key.begin {
                super::spec::Begin::Index(i) if !key.flags.has(super::spec::KeyFlags::NOT_KEY) => {
                    u8::try_from(i).unwrap_or(0)
                }
                _ => 0,
            },
            None => 0,
        };
        self.commands.push(Command { id, spec, full_name, parent, subcommands: Vec::new(), prefetch_arg });
        id
    }

    fn index(&mut self, name: &[u8], command: u16) {
        self.names.resize_with(self.commands.len(), Name::default);
        self.names[usize::from(command)] = Name::new(name);
        let mut slot = slot_of(head_of(name), name.len());
        while self.slots[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot] = command;
    }

    /// Whether `rename-command from to` can be done, with the reason Redis gives if not.
    pub fn check_rename(&self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        if self.find(from).is_none() {
            return Err("No such command in rename-command");
        }
        if !to.is_empty() && self.find(to).is_some() {
            return Err("Target command name already exists");
        }
        Ok(())
    }

    /// The top-level command of this name.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<&Command> {
        let head = head_of(name);
        let mut slot = slot_of(head, name.len());
        loop {
            let i = usize::from(self.slots[slot]);
            let known = self.names.get(i)?;
            if known.is(name, head) {
                return Some(&self.commands[i]);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    pub fn subcommand(&self, parent: CommandId, name: &[u8]) -> Option<&Command> {
        let parent = self.get(parent);
        parent
            .subcommands
            .iter()
            .map(|id| self.get(*id))
            .find(|sub| sub.spec.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The command of this name, if the name alone tells and it takes so many arguments. For all others ask
    /// [`CommandTable::resolve`].
    #[inline]
    pub fn simple(&self, name: &[u8], args: usize) -> Option<&Command> {
        self.find(name).filter(|command| command.subcommands.is_empty() && command.spec.arity_fits(args))
    }

    /// The command or sub-command that these arguments name. The errors are the client's.
    #[inline]
    pub fn resolve(&self, args: &Args<'_>) -> Result<CommandId, Error> {
        let Some(command) = self.find(args.get(0)) else { return Err(unknown_command(args)) };
        if command.subcommands.is_empty() || args.len() < 2 {
            return if command.spec.arity_fits(args.len()) && !matches!(command.spec.run, Run::Container) {
                Ok(command.id)
            } else {
                Err(Error::Arity(Box::new(command.full_name.clone())))
            };
        }
        match self.subcommand(command.id, args.get(1)) {
            Some(sub) if sub.spec.arity_fits(args.len()) => Ok(sub.id),
            Some(sub) => Err(Error::Arity(Box::new(sub.full_name.clone()))),
            // COMMAND and a few others do something by themselves.
            None if !matches!(command.spec.run, Run::Container) => Ok(command.id),
            None => Err(self.unknown_subcommand(args)),
        }
    }

    /// The command or sub-command that these arguments name, however many they are.
    pub fn identify(&self, args: &Args<'_>) -> Option<CommandId> {
        let command = self.find(args.get(0))?;
        if command.subcommands.is_empty() || args.len() < 2 {
            return Some(command.id);
        }
        self.subcommand(command.id, args.get(1)).map(|sub| sub.id)
    }

    pub fn get(&self, id: CommandId) -> &Command {
        &self.commands[usize::from(id.0)]
    }

    /// The error of a sub-command that a container does not have.
    pub fn unknown_subcommand(&self, args: &Args<'_>) -> Error {
        let parent = String::from_utf8_lossy(args.get(0)).to_uppercase();
        Error::UnknownSubcommand(Box::new((quoted(args.get(1)), parent)))
    }

    /// The command of this name and its sub-commands; `parent|sub` names one of those.
    pub fn named(&self, name: &[u8]) -> Vec<CommandId> {
        let mut words = name.splitn(2, |byte| *byte == b'|');
        let Some(command) = words.next().and_then(|word| self.find(word)) else { return Vec::new() };
        match words.next() {
            Some(sub) => self.subcommand(command.id, sub).map(|sub| sub.id).into_iter().collect(),
            None => std::iter::once(command.id).chain(command.subcommands.iter().copied()).collect(),
        }
    }

    /// How many commands and sub-commands there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.commands.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Command> {
        self.commands.iter()
    }
}

/// At most 128 bytes of a client's text, as error messages quote it.
fn quoted(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(128)]).into_owned()
}

fn unknown_command(args: &Args<'_>) -> Error {
    let mut shown = String::new();
    for arg in args.rest(1) {
        if shown.len() >= 128 {
            break;
        }
        let room = 128 - shown.len();
        shown.push('\'');
        shown.push_str(&String::from_utf8_lossy(&arg[..arg.len().min(room)]));
        shown.push_str("' ");
    }
    let name = quoted(args.get(0));
    Error::UnknownCommand(Box::new(format!("'{name}', with args beginning with: {shown}")))
}
