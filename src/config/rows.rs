//! The macro that turns the rows of `table` into `Config`, its defaults and `DIRECTIVES`, so that a directive is one
//! row and nothing else. Knows the shape of a row, not which rows there are.

/// A row reads: documentation, then
/// `field: Type = default, "name" | "alias", kind(arguments), FLAGS, Effect, Support;`
///
/// The kinds are `flag`, `int(min, max)`, `clamped(Unit, min, max, low, high)` for a number that is moved into
/// its range, `memory(min, max)`, `memory_or_percent(min, max)`, `octal(min, max)`, `choice` for a type with
/// `Choice`, `text(check)`, `optional(check)` for a text whose emptiness means unset, and `special(ROW)` for a row
/// of `special`.
macro_rules! directives {
    ($(section $section:literal { $(
        $(#[doc = $doc:literal])+
        $field:ident: $type:ty = $default:expr, $name:literal $(| $alias:literal)?,
        $kind:ident $(($($arg:expr),+))?, $flags:expr, $effect:ident, $support:ident;
    )+ })+) => {
        /// Every setting, named as in redis.conf with underscores. Hot paths read the fields; changes go through
        /// `Config::plan`, so that they are checked and the engine hears of them.
        #[derive(Clone)]
        pub struct Config { $($( $(#[doc = $doc])+ pub $field: $type, )+)+ }

        impl Default for Config {
            fn default() -> Config {
                Config { $($( $field: $default, )+)+ }
            }
        }

        /// Every directive, in the order of the documentation.
        pub static DIRECTIVES: &[Directive] = &[$($( Directive {
            name: $name,
            alias: directives!(@alias $($alias)?),
            section: $section,
            summary: concat!($($doc),+),
            kind: directives!(@$kind $field $type $(, $($arg),+)?),
            flags: $flags,
            effect: Effect::$effect,
            support: Support::$support,
        }, )+)+];
    };
    (@alias) => { None };
    (@alias $alias:literal) => { Some($alias) };
    (@flag $field:ident $type:ty) => {
        Kind::Flag { get: |config| config.$field, put: |config, value| config.$field = value }
    };
    (@int $field:ident $type:ty, $min:expr, $max:expr) => {
        directives!(@number Plain $field $type, $min, $max)
    };
    (@memory $field:ident $type:ty, $min:expr, $max:expr) => {
        directives!(@number Memory $field $type, $min, $max)
    };
    (@memory_or_percent $field:ident $type:ty, $min:expr, $max:expr) => {
        directives!(@number MemoryOrPercent $field $type, $min, $max)
    };
    (@octal $field:ident $type:ty, $min:expr, $max:expr) => {
        directives!(@number Octal $field $type, $min, $max)
    };
    (@number $unit:ident $field:ident $type:ty, $min:expr, $max:expr) => {
        Kind::Number {
            unit: Unit::$unit,
            min: $min as i128,
            max: $max as i128,
            get: |config| i128::from(config.$field),
            put: |config, value| config.$field = value as $type,
        }
    };
    (@clamped $field:ident $type:ty, $unit:expr, $min:expr, $max:expr, $low:expr, $high:expr) => {
        Kind::Number {
            unit: $unit,
            min: $min as i128,
            max: $max as i128,
            get: |config| i128::from(config.$field),
            put: |config, value| config.$field = value.clamp($low as i128, $high as i128) as $type,
        }
    };
    (@choice $field:ident $type:ty) => {
        Kind::Choice {
            words: <$type>::WORDS,
            get: |config| config.$field.word(),
            put: |config, word| <$type>::from_word(word).map(|value| config.$field = value).is_some(),
        }
    };
    (@text $field:ident $type:ty, $check:expr) => {
        directives!(@string false $field, $check)
    };
    (@optional $field:ident $type:ty, $check:expr) => {
        directives!(@string true $field, $check)
    };
    (@string $optional:literal $field:ident, $check:expr) => {
        Kind::Text {
            optional: $optional,
            check: $check,
            get: |config| &config.$field,
            put: |config, value| config.$field = value,
        }
    };
    (@special $field:ident $type:ty, $row:expr) => { Kind::Special(&$row) };
}

pub(super) use directives;
