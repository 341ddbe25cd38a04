#!/usr/bin/env python3
"""How long an ordinary application waits: one connection, one request after the other, with an append-only file.

    benches/application.py spinel=target/release/spinel redis=redis-server

It sets 5,000 keys, finds them with SCAN MATCH uuid:* as client libraries' scan_iter does, GETs each, adds a third of
them to a set, reads the set and deletes the keys one by one. For appendfsync always and everysec, on each server in
turn, five times; told are the medians of each step, in milliseconds. Sockets are used as they are, so that the time of
a client library is not measured.
"""

import argparse
import pathlib
import shutil
import statistics
import sys
import tempfile
import time
import uuid

sys.dont_write_bytecode = True
REPO = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO / "tests"))

from respclient import Server  # noqa: E402

STEPS = ["SET", "SCAN", "GET", "SADD", "SMEMBERS", "DEL"]


def steps(connection, keys):
    """Does each step and yields its name."""
    for key in keys:
        connection.must("SET", key, "x" * 100)
    yield "SET"
    found, cursor = [], b"0"
    while True:
        cursor, some = connection.must("SCAN", cursor, "MATCH", "uuid:*")
        found += some
        if cursor == b"0":
            break
    yield "SCAN"
    for key in found:
        connection.must("GET", key)
    yield "GET"
    third = sorted(set(found))[::3]
    for key in third:
        connection.must("SADD", "chosen", key)
    yield "SADD"
    members = connection.must("SMEMBERS", "chosen")
    yield "SMEMBERS"
    for key in found:
        connection.must("DEL", key)
    yield "DEL"
    if sorted(set(found)) != sorted(keys) or sorted(members) != third:
        sys.exit("a server did not find what was there")


def measure(program, policy, count):
    """Milliseconds of each step."""
    folder = tempfile.mkdtemp(prefix="application-")
    server = Server(program, folder, options=("--save", "", "--appendonly", "yes", "--appendfsync", policy))
    try:
        connection = server.connect()
        keys = [b"uuid:%s" % str(uuid.uuid4()).encode() for _ in range(count)]
        took, before = {}, time.perf_counter()
        for name in steps(connection, keys):
            now = time.perf_counter()
            took[name], before = (now - before) * 1000, now
        connection.close()
        return took
    finally:
        server.kill(True)
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="+", metavar="NAME=PROGRAM")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keys", type=int, default=5000)
    args = parser.parse_args()
    servers = [word.split("=", 1) for word in args.servers]
    print("| appendfsync | server | " + " | ".join(STEPS) + " | all |")
    print("|---|---|" + "---|" * (len(STEPS) + 1))
    for policy in ("always", "everysec"):
        rounds = {name: [] for name, _ in servers}
        for _ in range(args.rounds):
            for name, program in servers:
                rounds[name].append(measure(program, policy, args.keys))
        for name, taken in rounds.items():
            medians = [statistics.median(took[step] for took in taken) for step in STEPS]
            whole = statistics.median(sum(took.values()) for took in taken)
            cells = [f"{ms:.1f}" if ms < 10 else f"{ms:.0f}" for ms in (*medians, whole)]
            print(f"| {policy} | {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
