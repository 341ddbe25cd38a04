//! SORT and SORT_RO: sorting what a list, a set or a sorted set holds, by itself or by values at other keys.

use super::elements::Elements;
use super::options::{Options, keys_of_sort, keys_of_sort_ro};
use super::order::sort;
use super::pattern::Pattern;
use crate::commands::list::limits::list_limits;
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::list::{End, List, Quicklist};

const COMPLEXITY: &str = "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number \
                          of returned elements. When the elements are not sorted, complexity is O(N).";
const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const BY_AND_GET: KeySpec = KeySpec::unknown(READ).notes(
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key \
     we sort",
);
const STORE: KeySpec = KeySpec::unknown(KeyFlags::OW.with(KeyFlags::UPDATE)).notes(
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument \
     array",
);

pub static SORT: Spec = Spec::write("sort", -2)
    .keys(&[KeySpec::at(1, READ), BY_AND_GET, STORE])
    .keys_by(keys_of_sort)
    .flags(Flags::DENYOOM.with(Flags::MOVABLE_KEYS).with(Flags::UNNAMED_KEYS))
    .acl(Acl::SET.with(Acl::SORTEDSET).with(Acl::LIST).with(Acl::DANGEROUS))
    .group(Group::Generic)
    .complexity(COMPLEXITY)
    .summary("Sorts the elements of a list, a set or a sorted set, and may store the outcome.")
    .syntax(
        "key [BY pattern:1] [LIMIT offset count] [GET pattern:1 [GET pattern:1 ...]] [ASC | DESC] [ALPHA] \
         [STORE destination:2]",
    )
    .run(|ctx, args| run(ctx, args, true));

pub static SORT_RO: Spec = Spec::read("sort_ro", -2)
    .keys(&[KeySpec::at(1, READ), BY_AND_GET])
    .keys_by(keys_of_sort_ro)
    .flags(Flags::MOVABLE_KEYS.with(Flags::UNNAMED_KEYS))
    .acl(Acl::SET.with(Acl::SORTEDSET).with(Acl::LIST).with(Acl::DANGEROUS))
    .group(Group::Generic)
    .since("7.0.0")
    .complexity(COMPLEXITY)
    .summary("Sorts the elements of a list, a set or a sorted set.")
    .syntax(
        "key [BY pattern:1] [LIMIT offset count] [GET pattern:1 [GET pattern:1 ...]] [ASC | DESC] [ALPHA]",
    )
    .run(|ctx, args| run(ctx, args, false));

fn run(ctx: &mut Ctx<'_>, args: &Args<'_>, stores: bool) -> CmdResult {
    let mut options = Options::parse(args, stores)?;
    let mut elements = Elements::load(ctx, args.key(1), &mut options)?;
    if !options.unsorted {
        sort(ctx, &mut elements, &options)?;
    }
    match options.store {
        None => answer(ctx, &elements, &options),
        Some(destination) => store(ctx, &elements, &options, destination),
    }
    done()
}

fn answer(ctx: &mut Ctx<'_>, elements: &Elements, options: &Options<'_>) {
    let patterns: Vec<Pattern<'_>> = options.get.iter().map(|text| Pattern::new(text)).collect();
    let mut name = Vec::new();
    ctx.reply.array(elements.window.1 * patterns.len().max(1));
    for element in elements.wanted() {
        if patterns.is_empty() {
            ctx.reply.bulk(element);
        }
        for pattern in &patterns {
            let reply = &mut ctx.reply;
            let found = pattern.value(&mut ctx.keys, element, &mut name, |value| reply.bulk_value(value));
            if found.is_none() {
                reply.null();
            }
        }
    }
}

fn store(ctx: &mut Ctx<'_>, elements: &Elements, options: &Options<'_>, destination: &[u8]) {
    let limits = list_limits(ctx);
    let patterns: Vec<Pattern<'_>> = options.get.iter().map(|text| Pattern::new(text)).collect();
    // COMPAT: the outcome is built as a long list, and becomes a short one in the end if that is possible.
    let mut list = List::Quick(Box::new(Quicklist::new(limits)));
    let mut name = Vec::new();
    for element in elements.wanted() {
        if patterns.is_empty() {
            list.push(End::Tail, element, limits);
        }
        for pattern in &patterns {
            let found = pattern.value(&mut ctx.keys, element, &mut name, |value| {
                list.push(End::Tail, value.bytes(&mut itoa::Buffer::new()), limits);
            });
            if found.is_none() {
                list.push(End::Tail, b"", limits);
            }
        }
    }
    let len = list.len();
    list.settle(limits);
    ctx.keys.store(destination, list, len as u64, EventClass::LIST, "sortstore");
    ctx.reply.int(len as i64);
}
