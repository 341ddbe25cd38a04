#!/usr/bin/env python3
"""Compares what two servers tell of the commands that both have, by COMMAND INFO and COMMAND DOCS.

    tests/spec/commands.py --a target/debug/spinel --b valkey-server

Compared are arity, flags, keys, categories, tips, key specs and sub-commands, and of the documentation since, group,
complexity, deprecation and the tree of arguments: not the summaries and names of arguments' parts, which are our own.
"""

import argparse
import signal
import sys

import record

FIELDS = ["name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "key specs"]
TOLD = ["since", "group", "complexity", "doc_flags", "deprecated_since"]


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
    wrong = 0
    for kind, a, b in (("INFO", info_a, info_b), ("DOCS", docs_a, docs_b)):
        for name in sorted(a.keys() & b.keys()):
            for field, mine in a[name].items():
                if mine != b[name][field]:
                    wrong += 1
                    print(f"{kind} {name} {field}\n  a {mine}\n  b {b[name][field]}")
    print(f"{len(info_a.keys() & info_b.keys())} commands in both, {wrong} differences")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
