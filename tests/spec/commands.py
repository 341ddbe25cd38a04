#!/usr/bin/env python3
"""Compares what two servers tell of the commands that both have, by COMMAND INFO and COMMAND DOCS.

    tests/spec/commands.py --a target/debug/spinel --b valkey-server

Compared are arity, flags, keys, categories, tips, key specs and sub-commands, and of the documentation since, group,
the O() of the complexity, deprecation and the tree of arguments: not summaries, wording and names of arguments' parts,
which are our own. What differs on purpose stands in KNOWN, with the reason; it fails once it differs no longer.
"""

import argparse
import re
import signal
import sys

import record

record.LONG = 1 << 20  # long texts are compared whole
FIELDS = ["name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "key specs"]
TOLD = ["since", "group", "complexity", "doc_flags", "deprecated_since"]

SLOWLOG = "the referee's COMMANDLOG took its place"
LATER = "what the values held is freed later, in slices or by another thread"
KNOWN = {
    ("exec", "flags"): "the referee renamed a flag with SLOWLOG",
    ("cluster|slots", "doc_flags"): "Redis 7.2 deprecates it",
    ("cluster|slots", "deprecated_since"): "Redis 7.2 deprecates it",
    **{(name, field): SLOWLOG
       for name in ("slowlog", "slowlog|get", "slowlog|help", "slowlog|len", "slowlog|reset")
       for field in ("doc_flags", "deprecated_since")},
    **{(name, "complexity"): LATER for name in ("del", "flushall", "flushdb")},
}


def orders(text):
    """The O() of a text, each once."""
    found = set()
    for match in re.finditer(r"O\(", text or ""):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        found.add(text[match.start():end].replace(" ", ""))
    return sorted(found)


def plain(node):
    """A reply as values that compare: sets and maps without their order."""
    head, children = node
    if children is None:
        return head
    if head[0] == "%":
        pairs = [(plain(children[i]), plain(children[i + 1])) for i in range(0, len(children), 2)]
        return {key.strip('"'): value for key, value in pairs}
    if head[0] == "~":
        return sorted((plain(child) for child in children), key=repr)
    return [plain(child) for child in children]


def infos(reply, found):
    for entry in plain(reply):
        if isinstance(entry, list):
            found[entry[0].strip('"')] = dict(zip(FIELDS, entry))
            nested(entry[9], found)


def nested(entries, found):
    for entry in entries:
        found[entry[0].strip('"')] = dict(zip(FIELDS, entry))


def docs(entries, found):
    for name, told in entries.items():
        found[name.strip('"')] = {field: told.get(field) for field in TOLD}
        found[name.strip('"')]["complexity"] = orders(told.get("complexity"))
        found[name.strip('"')]["arguments"] = tree(told.get("arguments", []))
        docs(told.get("subcommands", {}), found)


def tree(arguments):
    """Type, token, flags and parts of each argument."""
    shown = []
    for argument in arguments:
        what = [argument["type"], argument.get("token"), argument.get("key_spec_index"), argument.get("flags")]
        shown.append([*what, tree(argument["arguments"])] if "arguments" in argument else what)
    return shown


def ask(where):
    process, port, folder = record.start(where) if ":" not in where else (None, int(where.rsplit(":")[1]), None)
    try:
        client = record.Connection(port, 3)
        found, told = {}, {}
        infos(client.ask([b"COMMAND"]), found)
        docs(plain(client.ask([b"COMMAND", b"DOCS"])), told)
        return found, told
    finally:
        if process:
            process.send_signal(signal.SIGKILL)
            process.wait()
            folder.cleanup()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--a", required=True)
    parser.add_argument("--b", required=True)
    args = parser.parse_args()
    (info_a, docs_a), (info_b, docs_b) = ask(args.a), ask(args.b)
    wrong, known = 0, set()
    for kind, a, b in (("INFO", info_a, info_b), ("DOCS", docs_a, docs_b)):
        for name in sorted(a.keys() & b.keys()):
            for field, mine in a[name].items():
                if mine == b[name][field]:
                    continue
                known.add((name, field))
                if (name, field) not in KNOWN:
                    wrong += 1
                    print(f"{kind} {name} {field}\n  a {mine}\n  b {b[name][field]}")
    for name, field in KNOWN.keys() - known:
        wrong += 1
        print(f"KNOWN {name} {field} differs no longer")
    print(f"{len(info_a.keys() & info_b.keys())} commands in both, {wrong} differences")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
