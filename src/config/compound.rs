//! Settings that are more than one number or word: save points, output buffer limits, event classes, shutdown
//! flags, the primary's address. Their parsing from directives is in `special`.

use crate::keyspace::EventClass;

/// Save the data set once `seconds` have passed and at least `changes` keys changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    pub seconds: i64,
    pub changes: i32,
}

/// Redis' own default: hourly after one change, every five minutes after 100, every minute after 10,000.
pub(super) fn default_save_points() -> Vec<SavePoint> {
    [(3600, 1), (300, 100), (60, 10_000)].map(|(seconds, changes)| SavePoint { seconds, changes }).to_vec()
}

/// The kinds of client that have their own output buffer limit; the index into `client_output_buffer_limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputClass {
    Normal = 0,
    Replica = 1,
    Pubsub = 2,
}

impl OutputClass {
    pub const ALL: [OutputClass; 3] = [OutputClass::Normal, OutputClass::Replica, OutputClass::Pubsub];

    /// The word `CONFIG GET` shows; replicas keep their old one there.
    pub const fn shown(self) -> &'static str {
        match self {
            OutputClass::Normal => "normal",
            OutputClass::Replica => "slave",
            OutputClass::Pubsub => "pubsub",
        }
    }

    /// The word `CONFIG REWRITE` puts in the file.
    pub const fn written(self) -> &'static str {
        match self {
            OutputClass::Replica => "replica",
            other => other.shown(),
        }
    }

    pub(super) fn from_word(word: &[u8]) -> Option<OutputClass> {
        let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(word);
        OutputClass::ALL.into_iter().find(|class| is(class.shown()) || is(class.written()))
    }
}

/// When a client is disconnected for not reading its replies. Zero bytes mean no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimit {
    pub hard_bytes: u64,
    pub soft_bytes: u64,
    /// How long the soft limit may be exceeded without a break.
    pub soft_seconds: i32,
}

/// Indexed by `OutputClass`.
pub(super) const DEFAULT_OUTPUT_LIMITS: [OutputLimit; 3] = [
    OutputLimit { hard_bytes: 0, soft_bytes: 0, soft_seconds: 0 },
    OutputLimit { hard_bytes: 256 << 20, soft_bytes: 64 << 20, soft_seconds: 60 },
    OutputLimit { hard_bytes: 32 << 20, soft_bytes: 8 << 20, soft_seconds: 60 },
];

/// The classes of keyspace events that are published, as in `notify-keyspace-events`: the bits of `EventClass`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventClasses(pub u32);

impl EventClasses {
    /// What `A` stands for: every class but key misses and new keys.
    pub const ALL: EventClasses = EventClasses(0x7fc | EventClass::MODULE.0);

    /// Each class with its letter, in the order `CONFIG GET` prints those that `A` covers, then the rest.
    const LETTERS: [(u8, EventClass); 14] = [
        (b'g', EventClass::GENERIC),
        (b'$', EventClass::STRING),
        (b'l', EventClass::LIST),
        (b's', EventClass::SET),
        (b'h', EventClass::HASH),
        (b'z', EventClass::ZSET),
        (b'x', EventClass::EXPIRED),
        (b'e', EventClass::EVICTED),
        (b't', EventClass::STREAM),
        (b'd', EventClass::MODULE),
        (b'n', EventClass::NEW),
        (b'K', EventClass::KEYSPACE),
        (b'E', EventClass::KEYEVENT),
        (b'm', EventClass::KEY_MISS),
    ];
    /// How many of `LETTERS` are left out when `A` is printed.
    const COVERED: usize = 11;

    /// Whether events of a class are published, given a channel for them.
    pub const fn contains(self, class: EventClass) -> bool {
        self.0 & class.0 == class.0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Reads the letters of `notify-keyspace-events`; `None` if one is unknown.
    pub fn from_letters(letters: &[u8]) -> Option<EventClasses> {
        let mut classes = 0;
        for letter in letters {
            classes |= match letter {
                b'A' => Self::ALL.0,
                _ => Self::LETTERS.iter().find(|(known, _)| known == letter)?.1.0,
            };
        }
        Some(EventClasses(classes))
    }

    /// The letters, as `CONFIG GET` prints them.
    // COMPAT: with all of `A` set Redis leaves `n` unprinted.
    pub fn letters(self) -> String {
        let all = self.0 & Self::ALL.0 == Self::ALL.0;
        let skip = if all { Self::COVERED } else { 0 };
        let set = Self::LETTERS.iter().skip(skip).filter(|(_, class)| self.contains(*class));
        all.then_some('A').into_iter().chain(set.map(|(letter, _)| char::from(*letter))).collect()
    }
}

/// How a signal shuts the server down, as in `shutdown-on-sigterm`. The bits are those of SHUTDOWN's options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShutdownFlags(pub u8);

impl ShutdownFlags {
    pub const SAVE: ShutdownFlags = ShutdownFlags(1);
    pub const NOSAVE: ShutdownFlags = ShutdownFlags(2);
    pub const NOW: ShutdownFlags = ShutdownFlags(4);
    pub const FORCE: ShutdownFlags = ShutdownFlags(8);

    pub(super) const WORDS: [(&'static str, ShutdownFlags); 5] = [
        ("default", ShutdownFlags(0)),
        ("save", Self::SAVE),
        ("nosave", Self::NOSAVE),
        ("now", Self::NOW),
        ("force", Self::FORCE),
    ];

    pub const fn contains(self, other: ShutdownFlags) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn words(self) -> String {
        if self.0 == 0 {
            return "default".to_owned();
        }
        let set = Self::WORDS.iter().skip(1).filter(|(_, flag)| self.contains(*flag));
        set.map(|(word, _)| *word).collect::<Vec<_>>().join(" ")
    }
}

/// The primary this server replicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimaryAddress {
    pub host: String,
    pub port: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_letters_round_trip() {
        let shown = |letters: &str| EventClasses::from_letters(letters.as_bytes()).map(EventClasses::letters);
        assert_eq!(shown("mKEA").as_deref(), Some("AKEm"));
        assert_eq!(shown("Kg$lshzxetdn").as_deref(), Some("AK"));
        assert_eq!(shown("KnE$").as_deref(), Some("$nKE"));
        assert_eq!(shown("").as_deref(), Some(""));
        assert_eq!(shown("KEAq"), None);
    }

    #[test]
    fn all_is_the_union_of_what_its_letter_covers() {
        let covered = &EventClasses::LETTERS[..EventClasses::COVERED - 1];
        assert_eq!(covered.iter().fold(0, |bits, (_, class)| bits | class.0), EventClasses::ALL.0);
        assert!(!EventClasses::ALL.contains(EventClass::KEY_MISS));
        assert!(!EventClasses::ALL.contains(EventClass::NEW));
    }

    #[test]
    fn shutdown_words() {
        assert_eq!(ShutdownFlags(0).words(), "default");
        assert_eq!(ShutdownFlags(2 | 4 | 8).words(), "nosave now force");
    }
}
