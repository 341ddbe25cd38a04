#!/usr/bin/env python3
"""Runs the referee's own Tcl test suite with another server in its server's place, and holds the outcome against the
lists of names in this folder. A name that is expected and does not pass fails the run, unless known-missing.txt gives
the reason. The suite's files run one by one, so that one crash cannot hide the rest."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # nothing of ours is left in the tree

import names  # noqa: E402
import suite  # noqa: E402

REPO = names.HERE.parent.parent
PORTS_A_JOB = 400
# No part of this server: modules in C, kernel settings, hardware.
NOT_OURS = ("moduleapi", "oom-score-adj", "printver", "rdma", "mptcp", "large-memory")
HELD = []  # sockets that reserve a range of ports as long as this process lives
RUNNING = {}  # the folder of each file that runs, and its process once it has one
STOPPING = threading.Event()


class Outcome:
    """What one file's run showed."""

    def __init__(self, file, text, seconds, died, log):
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
        self.file, self.seconds, self.died, self.log = file, seconds, died, log
        self.ok = {n.strip() for n in re.findall(r"^\[ok\]: (.*?)(?: \(\d+ ms\))?$", text, re.M)}
        self.errors = {n.strip() for n in re.findall(r"^(?:\*\*\* )?\[err\]: (.*)$", text, re.M)}
        if not died and "[exception]" in text:
            self.died = "exception"

    def started(self):
        return bool(self.ok or self.errors) or self.seconds > 1


def options():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or REPO / "target")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default=target / "debug" / "spinel", help="the binary to test")
    parser.add_argument("--tools", help="folder of valkey-cli, -benchmark, -check-aof, -check-rdb (if not given: the "
                                        "referee's clients, and the check tools that are in the server's binary)")
    parser.add_argument("--files", help="only these files, as unit/auth,unit/type/string")
    parser.add_argument("--all", action="store_true", help="every file of the suite, not only those with expected names")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=240, help="seconds for one file")
    parser.add_argument("--logs", default=target / "upstream", help="where each file's output goes")
    parser.add_argument("--keep", action="store_true", help="keep the servers' folders of files that miss names")
    return parser.parse_args()


def hold(port):
    """Takes a port for the life of this process; nothing if it is taken."""
    holder = socket.socket()
    try:
        holder.bind(("127.0.0.1", port))
    except OSError:
        holder.close()
        return None
    return holder


def reserve_ports(jobs):
    """The first ports of `jobs` ranges, below the ephemeral ones, that no other run of ours has: the last port of each
    is held. The suite also wants each port plus 10000, the cluster's."""
    starts = list(range(10400, 22000, PORTS_A_JOB))
    first = os.getpid() % len(starts)
    out = []
    for start in starts[first:] + starts[:first]:
        holder = hold(start + PORTS_A_JOB - 1)
        if holder:
            HELD.append(holder)
            out.append(start)
        if len(out) == jobs:
            return out
    sys.exit("tests/upstream: no free range of ports")


def lay_out(where, source, server, tools, checks):
    """A folder as the suite expects it, with our binary under the names of its server and of the tools in `checks`."""
    shutil.copytree(source / "tests", where / "tests", symlinks=True)
    for name in ("runtest", "valkey.conf", "sentinel.conf"):
        shutil.copy(source / name, where)
    (where / "tests" / "tmp").mkdir(exist_ok=True)
    (where / "src").mkdir()
    for family in ("valkey", "redis"):
        (where / "src" / f"{family}-server").symlink_to(server)
        for tool in ("cli", "benchmark", "check-aof", "check-rdb"):
            program = server if tool in checks else pathlib.Path(tools, f"valkey-{tool}")
            (where / "src" / f"{family}-{tool}").symlink_to(program)


def sweep(where):
    """Ends what a file left running in its own folder."""
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd").startswith(f"{where}/"):
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            pass


def work_folder():
    while STOPPING.is_set():  # the main thread is tidying up and will end us
        time.sleep(1)
    where = pathlib.Path(tempfile.mkdtemp(prefix="spinel-upstream-")).resolve()
    RUNNING[where] = None
    return where


def end(where):
    """Ends a file's process group, and what has left the group."""
    child = RUNNING.get(where)
    if child:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
    sweep(where)


def remove(where):
    shutil.rmtree(where, ignore_errors=True)
    RUNNING.pop(where, None)


def ended_from_outside(number, _frame):
    """Ends what runs, leaves the threads two seconds to tidy up after themselves, and does it for them then."""
    STOPPING.set()
    until = time.monotonic() + 2
    while RUNNING and time.monotonic() < until:
        for where in list(RUNNING):
            end(where)
        time.sleep(0.05)
    for where in list(RUNNING):
        shutil.rmtree(where, ignore_errors=True)
    os._exit(128 + number)


def run_file(file, port, opt, source):
    where = work_folder()
    log = pathlib.Path(opt.logs, file.replace("/", "_") + ".log")
    try:
        lay_out(where, source, opt.server, opt.tools, opt.checks)
        command = ["sh", "./runtest", "--single", file, "--clients", "1", "--durable"]
        # Defragmentation needs an allocator built for it: the referee as Debian packs it fails these for minutes.
        command += ["--tags", "-defrag", "--baseport", str(port), "--portcount", str(PORTS_A_JOB - 10)]
        for name in names.not_run().get(file, {}):
            command += ["--skiptest", name]
        env = dict(os.environ, LC_ALL="C.UTF-8", TERM="dumb")
        began, died = time.monotonic(), ""
        if STOPPING.is_set():
            return Outcome(file, "", 0, "ended from outside", log)
        with open(log, "wb") as out:
            child = subprocess.Popen(command, cwd=where, env=env, start_new_session=True,
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
            RUNNING[where] = child
            try:
                child.wait(timeout=opt.timeout)
            except subprocess.TimeoutExpired:
                died = f"timeout of {opt.timeout} s"
        end(where)
        seconds = time.monotonic() - began
        outcome = Outcome(file, log.read_text(encoding="utf-8", errors="replace"), seconds, died, log)
        if opt.keep:
            kept = pathlib.Path(opt.logs, file.replace("/", "_") + ".servers")
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(where / "tests" / "tmp", kept, symlinks=True, ignore=lambda d, n: [
                x for x in n if not os.path.isdir(f"{d}/{x}") and not os.path.isfile(f"{d}/{x}")])
        return outcome
    finally:
        remove(where)


class Runner:
    """Runs files on port ranges of their own and keeps what came out."""

    def __init__(self, opt, source, wanted, known):
        self.opt, self.source, self.wanted, self.known = opt, source, wanted, known
        self.free = reserve_ports(opt.jobs)
        self.lock = threading.Lock()
        self.outcomes = {}

    def missing(self, file):
        outcome = self.outcomes.get(file)
        gone = self.wanted.get(file, set()) - (outcome.ok if outcome else set())
        return sorted(gone - set(self.known.get(file, {})))

    def one(self, file):
        with self.lock:
            port = self.free.pop()
        try:
            for _ in range(3):  # a port that was taken is not a failed test
                outcome = run_file(file, port, self.opt, self.source)
                if outcome.started():
                    break
        finally:
            with self.lock:
                self.free.append(port)
        self.outcomes[file] = outcome
        want = self.wanted.get(file, set())
        print(f"{file:44} {len(want & outcome.ok):4} of {len(want):4} expected, ok {len(outcome.ok):4}, "
              f"err {len(outcome.errors):3} {outcome.seconds:6.1f} s {outcome.died}", flush=True)

    def together(self, files):
        with concurrent.futures.ThreadPoolExecutor(self.opt.jobs) as pool:
            list(pool.map(self.one, files))

    def by_itself(self, files):
        """One after the other; a file that misses names gets one more go. Returns how many did."""
        again = 0
        for file in files:
            self.one(file)
            if self.missing(file):
                again += 1
                print(f"{file}: missed {len(self.missing(file))}, once more", flush=True)
                first = self.outcomes[file]
                self.one(file)
                self.outcomes[file].ok |= first.ok
        return again


def answers(server):
    """Does the binary start and answer at all? The suite itself waits minutes for one that does not."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = work_folder()
    with open(where / "log", "w+b") as log:
        child = subprocess.Popen([server, "--port", str(port), "--save", "", "--dir", str(where)], cwd=where,
                                 start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        RUNNING[where] = child
        until = time.monotonic() + 10
        reply = b""
        while time.monotonic() < until and child.poll() is None and not reply:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
                    link.sendall(b"PING\r\n")
                    reply = link.recv(64)
            except OSError:
                time.sleep(0.05)
        end(where)
        remove(where)
        log.seek(0)
        if reply != b"+PONG\r\n":
            print(f"tests/upstream: {server} does not answer PING (said {reply!r}); its log:")
            print(log.read().decode(errors="replace")[-2000:])
            print("0 passed, 1 failed")
            sys.exit(1)


def choose(opt, source, wanted):
    if opt.files:
        return opt.files.split(",")
    if not opt.all:
        return sorted(wanted)
    found = []
    for pattern in ("unit/*.tcl", "unit/type/*.tcl", "unit/cluster/*.tcl", "integration/*.tcl"):
        for path in sorted((source / "tests").glob(pattern)):
            name = str(path.relative_to(source / "tests"))[:-4]
            if not any(part in name for part in NOT_OURS):
                found.append(name)
    return found


def tell_missing(runner, file):
    outcome = runner.outcomes[file]
    print(f"\n{file}: {len(runner.missing(file))} expected names did not pass; whole output in {outcome.log}")
    for name in runner.missing(file):
        why = [line for line in outcome.errors if line.startswith(name)]
        print(f"  missing: {name}")
        for line in why[:1]:
            print(f"    {line[len(name):].strip()[:300]}")
    if outcome.died:
        tail = outcome.log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
        print(f"  the file ended early ({outcome.died}):", *tail, sep="\n    ")


def report(runner, files, again, seconds):
    names_in = [(file, name) for file in files for name in runner.wanted.get(file, set())]
    passed = sum(name in runner.outcomes[file].ok for file, name in names_in)
    failed = 0
    for file in files:
        if runner.missing(file):
            failed += len(runner.missing(file))
            tell_missing(runner, file)
    let_through = [(f, n) for f in files for n in runner.known.get(f, {}) if n not in runner.outcomes[f].ok]
    for file, name in let_through:
        print(f"known missing: {file}: {name}: {runner.known[file][name]}")
    for file in files:
        for name in sorted(set(runner.known.get(file, {})) & runner.outcomes[file].ok):
            print(f"known-missing.txt: `{name}` ({file}) passes now: take it out")
    beyond = sum(len(runner.outcomes[f].ok - runner.wanted.get(f, set())) for f in files)
    print(f"upstream suite: {len(names_in)} names expected in {len(files)} files, {beyond} others pass too, "
          f"{len(let_through)} known missing, {again} files run a second time, {seconds:.0f} s")
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed


def main():
    opt = options()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ended_from_outside)
    opt.server = shutil.which(str(opt.server)) or sys.exit(f"tests/upstream: no server at {opt.server}: build it first")
    opt.server = os.path.abspath(opt.server)
    os.makedirs(opt.logs, exist_ok=True)
    place = suite.get()
    source = place / "suite"
    opt.checks = () if opt.tools else ("check-aof", "check-rdb")
    opt.tools = os.path.abspath(opt.tools or place / "bin")
    wanted = names.expected()
    known = names.known_missing(wanted)
    files = choose(opt, source, wanted)
    lost = [f for f in files if not (source / "tests" / f"{f}.tcl").exists()]
    if lost:
        sys.exit(f"tests/upstream: not in {(place / 'version').read_text().strip()}: {', '.join(lost)}")
    answers(opt.server)
    runner = Runner(opt, source, wanted, known)
    began = time.monotonic()
    last = names.alone()
    runner.together([f for f in files if f not in last])
    middle = time.monotonic()
    again = runner.by_itself([f for f in files if f in last])
    end = time.monotonic()
    print(f"{opt.jobs} at a time {middle - began:.0f} s, alone {end - middle:.0f} s")
    sys.exit(1 if report(runner, files, again, end - began) else 0)


if __name__ == "__main__":
    main()
