#!/usr/bin/env python3
"""Records the replies in tests/spec/*.resp from a server, or checks a server against them over sockets.

    tests/spec/record.py --server valkey-server [FILE...]            writes the replies anew
    tests/spec/record.py --check --server target/debug/spinel [FILE...]   compares and tells the differences

A server may also be one that runs already: --port N. Files named on the command line are those to work on; without
any, all beside this script are. tests/spec/mod.rs replays the same files in process.

The format, line by line:

    # words             a comment
    (an empty line)     ends a group: the next one starts on an empty server with new connections and directives
    > SET k "a b"       a request; words may be quoted as in redis-cli, {20*ab} is ab twenty times
    b> GET k            the same from another connection
    < +OK               what the connection that asked got (one line an element, members of an aggregate indented)
    b< "x"              what another connection got meanwhile
    <2 ... / <3 ...     where RESP2 and RESP3 differ
    @advance 100        lets so many milliseconds pass

Before a request, about its reply:
    @any-order          the elements of the outermost aggregate come in any order; @any-order pairs: pairs of them
    @type-only          only the type counts
    @shape              integers are not compared, only that there is one
    @near N             integers may differ by N
    @clock ms|s         integers are times since the epoch, told relative to now
    @ours WHY           the reply is ours on purpose, and stays as it is written here
At the head of a group:
    @no-multi WHY       not replayed inside MULTI
    @no-log WHY         its log need not give the same data
    @resp2, @resp3      only in this protocol
    @process WHY        only on a server with sockets and files
    @later WHY          its commands are not there yet; the mark has to go when they are
"""

import argparse
import concurrent.futures
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LONG = 256
TRIES = 4
HEAD = {"no-multi", "no-log", "resp2", "resp3", "process", "later"}
ESCAPES = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x07: "\\a", 0x08: "\\b", 0x22: '\\"', 0x5C: "\\\\"}
UNESCAPES = {"n": 10, "r": 13, "t": 9, "a": 7, "b": 8}
KINDS = {"+": "simple", "-": "error", ":": "int", "$": "bulk", "*": "array", "%": "map", "~": "set", "_": "null",
         "#": "bool", ",": "double", "(": "big", "=": "verbatim", ">": "push", "!": "error"}


def words_of(line):
    """The words of a request as bytes."""
    words, at = [], 0
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        repeat = re.compile(r"\{(\d+)\*([^}]*)\}(?= |$)").match(line, at)
        if repeat:
            words.append(repeat.group(2).encode() * int(repeat.group(1)))
            at = repeat.end()
            continue
        word = bytearray()
        if line[at] == '"':
            at += 1
            while line[at] != '"':
                if line[at] == "\\":
                    at += 1
                    if line[at] == "x":
                        word.append(int(line[at + 1:at + 3], 16))
                        at += 2
                    else:
                        word.append(UNESCAPES.get(line[at], ord(line[at])))
                else:
                    word += line[at].encode()
                at += 1
            at += 1
        else:
            while at < len(line) and line[at] != " ":
                word += line[at].encode()
                at += 1
        words.append(bytes(word))
    return words


def quoted(data):
    if len(data) > LONG:
        digest = 0xCBF29CE484222325
        for byte in data:
            digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
        return f"${len(data)} {digest:016x}"
    text = "".join(ESCAPES.get(b, chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}") for b in data)
    return f'"{text}"'


class Incomplete(Exception):
    pass


def reply_at(data, at):
    """One reply as (head line, children or None, pairs?), and where it ends."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    kind, rest, at = chr(data[at]), data[at + 1:end], end + 2
    if kind in "+-:#,(_":
        text = "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}" for b in rest)
        return (kind + text, None), at
    size = int(rest)
    if size < 0:
        return (f"{kind}-1", None), at
    if kind in "$=!":
        if len(data) < at + size + 2:
            raise Incomplete
        return (("" if kind == "$" else kind) + quoted(data[at:at + size]), None), at + size + 2
    children = []
    for _ in range(size * 2 if kind in "%|" else size):
        child, at = reply_at(data, at)
        children.append(child)
    return (f"{kind}{size}", children), at


def lines_of(node, indent=0):
    head, children = node
    lines = [" " * indent + head]
    for child in children or []:
        lines += lines_of(child, indent + 2)
    return lines


def in_order(node, outermost):
    """Sorts what comes in any order: sets always, the outermost aggregate as `outermost` says (None, 1 or 2)."""
    head, children = node
    if children is None:
        return node
    children = [in_order(child, None) for child in children]
    step = 1 if head[0] == "~" else (2 if head[0] == "%" else outermost) if outermost else 0
    if step:
        parts = [children[i:i + step] for i in range(0, len(children), step)]
        parts.sort(key=lambda part: [line for child in part for line in lines_of(child)])
        children = [child for part in parts for child in part]
    return head, children


def shown(node, marks, now):
    """A reply as lines, with what does not count taken out."""
    node = in_order(node, {"pairs": 2, "": 1}.get(marks["any-order"]) if "any-order" in marks else None)
    if "type-only" in marks:
        kind = node[0][0]
        return [f"({'bulk' if kind in chr(34) + '$' else KINDS[kind]})"]
    lines = lines_of(node)
    if "shape" in marks:
        lines = [re.sub(r'^( *):-?\d+$', r"\1:N", line) for line in lines]
    if "clock" in marks:
        scale = 1000 if marks["clock"] == "ms" else 1
        lines = [re.sub(r"^( *):(\d{9,})$", lambda m: f"{m[1]}:now{round(int(m[2]) - now * scale):+}", line)
                 for line in lines]
    return lines


class Step:
    def __init__(self, client, text):
        self.client, self.text = client, text
        self.before = []            # comment and mark lines as written
        self.marks = {}
        self.replies = []           # written lines: (client, protocol or "", text)
        self.advance = None


def read_groups(path):
    groups, group, before, marks, head = [], [], [], {}, {}
    for line in path.read_text().split("\n"):
        asked = re.match(r"^([a-z]?)> (.*)$", line)
        got = re.match(r"^([a-z]?)<([23]?) (.*)$", line)
        if not line.strip():
            groups.append((head, group, before))
            group, before, marks, head = [], [], {}, {}
        elif line.startswith("#"):
            before.append(line)
        elif asked:
            step = Step(asked.group(1), asked.group(2))
            step.before, step.marks = before, marks
            before, marks = [], {}
            group.append(step)
        elif got:
            group[-1].replies.append(got.groups())
        elif line.startswith("@"):
            name, _, value = line[1:].partition(" ")
            before.append(line)
            if name == "advance":
                step = Step("", "")
                step.before, step.advance = before, int(value)
                before = []
                group.append(step)
            elif name in HEAD:
                head[name] = value
            else:
                marks[name] = value
        else:
            raise SystemExit(f"{path}: what is {line!r}?")
    groups.append((head, group, before))
    return groups


class Connection:
    def __init__(self, port, proto):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        self.closed = False
        if proto == 3:
            self.ask([b"HELLO", b"3"])

    def send(self, words):
        try:
            self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        except OSError:
            self.closed = True

    def receive(self, patience):
        """Takes in what comes within `patience` seconds; says whether anything came."""
        if self.closed or not select.select([self.socket], [], [], patience)[0]:
            return False
        try:
            got = self.socket.recv(1 << 20)
        except OSError:
            got = b""
        self.closed = not got
        self.data += got
        return bool(got)

    def take(self):
        """The replies that are complete."""
        replies = []
        while self.data:
            try:
                reply, used = reply_at(self.data, 0)
            except Incomplete:
                break
            replies.append(reply)
            self.data = self.data[used:]
        return replies

    def ask(self, words):
        self.send(words)
        while True:
            self.receive(10)
            replies = self.take()
            if replies or self.closed:
                return replies[0] if replies else None


def run_step(step, clients, quiet):
    """Sends one request (or lets time pass) and collects what every client got."""
    now = time.time()
    if step.advance is not None:
        time.sleep(step.advance / 1000)
        settle = 0.02
    else:
        asker = clients[step.client]
        asker.send(words_of(step.text))
        settle = quiet
        # What does not answer by then waits for something; only the self-test may work that long.
        deadline = time.time() + (30 if step.text == "PFSELFTEST" else 0.25)
        while not asker.closed and time.time() < deadline:
            asker.receive(deadline - time.time())
            held = asker.data
            try:
                if held and reply_at(held, 0):
                    break
            except Incomplete:
                deadline = time.time() + 5
    while settle and any([client.receive(settle) for client in clients.values()]):
        pass
    got = []
    for name in sorted(clients, key=lambda name: (name != step.client, name)):
        for reply in clients[name].take():
            marks = step.marks if name == step.client else {}
            got += [("" if name == step.client else name, line) for line in shown(reply, marks, now)]
        if clients[name].closed and not getattr(clients[name], "told", False):
            clients[name].told = True
            got.append(("" if name == step.client else name, "(closed)"))
    return got


SUBSCRIBES = re.compile(r"\b(P|S|PUN|SUN|UN)?SUBSCRIBE\b|\bMONITOR\b|\bRESET\b|\bQUIT\b", re.I)


def run_group(head, steps, port, proto):
    """What each step of a group got."""
    admin = Connection(port, 2)
    admin.ask([b"FLUSHALL"])
    kept = {}
    for step in steps:
        words = words_of(step.text)
        if [word.upper() for word in words[:2]] == [b"CONFIG", b"SET"]:
            for name in words[2::2]:
                reply = admin.ask([b"CONFIG", b"GET", name])
                if len(reply[1]) == 2:
                    kept[name] = reply[1][1][0]
    names = {step.client for step in steps if step.advance is None}
    clients = {name: Connection(port, proto) for name in names}
    quiet = 0.004 if len(names) > 1 or any(SUBSCRIBES.search(step.text) for step in steps) else 0
    got = [run_step(step, clients, quiet) for step in steps]
    for name, value in kept.items():
        admin.ask([b"CONFIG", b"SET", name, words_of(value)[0] if value != '""' else b""])
    for client in clients.values():
        client.socket.close()
    admin.socket.close()
    return got


def near(expected, got, marks):
    if expected == got:
        return True
    limit = int(marks.get("near", 0)) or ({"ms": 1500, "s": 2}[marks["clock"]] if "clock" in marks else 0)
    if not limit or len(expected) != len(got):
        return False
    for (who, want), (whom, have) in zip(expected, got):
        a = re.match(r'^( *(?::(?:now)?|")?)([+-]?\d+)("?)$', want)
        b = re.match(r'^( *(?::(?:now)?|")?)([+-]?\d+)("?)$', have)
        if who != whom or (want != have and not (a and b and a[1] == b[1] and abs(int(a[2]) - int(b[2])) <= limit)):
            return False
    return True


def protocols(head):
    return [proto for proto in (2, 3) if f"resp{5 - proto}" not in head]


def record(path, port):
    out = []
    for number, (head, steps, after) in enumerate(read_groups(path)):
        if number:
            out.append("")
        got = {proto: run_group(head, steps, port, proto) for proto in protocols(head)} if steps else {}
        for index, step in enumerate(steps):
            out += step.before
            if step.advance is None:
                out.append(f"{step.client}> {step.text}")
            written = [(client, proto, text) for client, proto, text in step.replies]
            if "ours" in step.marks:
                out += [f"{client}<{proto} {text}" for client, proto, text in written]
                continue
            results = [got[proto][index] for proto in got]
            # What varies a little stays as it was written, so that recording twice gives one file.
            old = [[(c, t) for c, p, t in written if p in ("", str(proto))] for proto in got]
            results = [o if near(o, r, step.marks) else r for o, r in zip(old, results)]
            if len(results) == 2 and not near(results[0], results[1], step.marks):
                for proto, result in zip((2, 3), results):
                    out += [f"{client}<{proto} {text}" for client, text in result]
            else:
                out += [f"{client}< {text}" for client, text in results[0]]
        out += after
    path.write_text("\n".join(out))


def differences(steps, results, proto):
    """The steps whose replies are not as written, with what is written and what was got."""
    found = []
    for step, got in zip(steps, results):
        expected = [(c, t) for c, p, t in step.replies if p in ("", str(proto))]
        if not near(expected, got, step.marks):
            found.append((step, expected, got))
    return found


def check(path, port, limit):
    """Compares a server's replies with those written; returns how many requests differ, and what to say."""
    wrong, asked, said = 0, 0, []
    for head, steps, _ in read_groups(path):
        for proto in protocols(head) if steps and "later" not in head else []:
            asked += sum(step.advance is None for step in steps)
            # On a busy machine a short time to live may end before the next request: what differs is asked again.
            for _ in range(TRIES):
                found = differences(steps, run_group(head, steps, port, proto), proto)
                if not found:
                    break
            for step, expected, got in found:
                wrong += 1
                if wrong <= limit:
                    said.append(f"{path.name} RESP{proto}: {step.client}> {step.text or step.before[-1]}")
                    said += ["  expected", *[f"    {c}< {t}" for c, t in expected]]
                    said += ["  got", *[f"    {c}< {t}" for c, t in got]]
    said.append(f"{path.name}: {asked} requests, {wrong} differ")
    return wrong, said


def work(path, args):
    """Records or checks one file, on a server of its own unless one runs already."""
    process, port = None, args.port
    if port is None:
        process, port, folder = start(args.server or "valkey-server")
    try:
        return check(path, port, args.limit) if args.check else (0, record(path, port) or [])
    finally:
        if process:
            process.send_signal(signal.SIGKILL)
            process.wait()
            folder.cleanup()


def start(binary):
    """Starts a server on a free port in a directory of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.TemporaryDirectory(prefix="spec-")
    process = subprocess.Popen(
        [binary, "--port", str(port), "--save", "", "--enable-debug-command", "yes", "--dir", folder.name],
        stdout=subprocess.DEVNULL)
    for _ in range(200):
        try:
            admin = Connection(port, 2)
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
            continue
        # Valkey tells the name and version of Redis only then; others do not know the setting.
        admin.ask([b"CONFIG", b"SET", b"extended-redis-compatibility", b"yes"])
        admin.socket.close()
        return process, port, folder
    raise SystemExit(f"{binary} does not start")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", help="the server to start")
    parser.add_argument("--port", type=int, help="a server that runs already on this port")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--limit", type=int, default=40, help="how many differences to show of a file")
    parser.add_argument("--jobs", type=int, default=4, help="files at a time; they mostly wait")
    parser.add_argument("files", nargs="*", type=Path)
    args = parser.parse_args()
    files = args.files or sorted(HERE.glob("*.resp"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(1 if args.port else args.jobs) as jobs:
        for differ, said in jobs.map(lambda path: work(path, args), files):
            wrong += differ
            if said:
                print(*said, sep="\n", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
