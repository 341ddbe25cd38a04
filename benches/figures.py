#!/usr/bin/env python3
"""Figures of docs/measured.md that need no load generator, for any number of servers side by side.

usage: benches/figures.py memory|expiry|persist NAME=COMMAND [NAME=COMMAND ...]

memory   resident bytes a key, of 1 and of 1.4 million keys, the worse of the two; and the empty server
expiry   how late 1000 keys due at one instant go, beside a million others with a time to live
persist  seconds that saving and loading take, by the clock and of CPU, over those of the first server named; of
         2 million plain keys and of a mixed data set (PERSIST_KEYS, PERSIST_ROUNDS, PERSIST_SETS=plain,mixed).
         COMMAND must allow DEBUG, and name {dir} as its directory.

{port} and {dir}, a directory of its own, are filled in.

Everything runs on loopback, on free ports, and ends by itself.
"""
import os, shlex, socket, statistics, subprocess, sys, tempfile, time


def encode(*words):
    words = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


class Server:
    def __init__(self, name, command, directory="."):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        argv = shlex.split(command.replace("{port}", str(self.port)).replace("{dir}", directory))
        self.name, self.process = name, subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        deadline = time.time() + 20
        while True:
            try:
                self.connection = self.connect()
                return
            except OSError:
                if time.time() > deadline:
                    sys.exit(f"{name} did not start")
                time.sleep(0.05)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=90)
        return connection, connection.makefile("rb")

    def send(self, commands, lines_each=1):
        """Sends commands whose replies are single lines, and reads them."""
        connection, replies = self.connection
        connection.sendall(b"".join(commands))
        for _ in range(len(commands) * lines_each):
            line = replies.readline()
            assert not line.startswith(b"-"), line

    def fill(self, count, command):
        for at in range(0, count, 5000):
            self.send([command(i) for i in range(at, min(count, at + 5000))])

    def rss(self):
        return int(open(f"/proc/{self.process.pid}/status").read().split("VmRSS:")[1].split()[0]) * 1024

    def ask(self, *words):
        """Sends one command and returns its reply, a line or a bulk."""
        connection, replies = self.connection
        connection.sendall(encode(*words))
        line = replies.readline()
        if line.startswith(b"$"):
            return replies.read(int(line[1:]) + 2).decode()
        return line.decode().strip()

    def cpu(self):
        """CPU seconds of the process so far, and those of its children that ended."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        user, system, children_user, children_system = (int(field) / TICKS for field in fields[11:15])
        return user + system, children_user + children_system

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


TICKS = os.sysconf("SC_CLK_TCK")
SHAPES = {
    "16 B key, 32 B value": lambda i: encode("SET", "key:%012d" % i, "%032x" % (i * 0x9E3779B97F4A7C15)),
    "the same with a TTL": lambda i: encode("SET", "ttl:%012d" % i, "%032x" % (i * 0x9E3779B97F4A7C15), "EX",
                                            100000 + i % 5000),
    "integer value": lambda i: encode("SET", "int:%012d" % i, i),
    "16 B key, 200 B value": lambda i: encode("SET", "big:%012d" % i, "%0200x" % (i * 0x9E3779B97F4A7C15)),
}


def memory(servers):
    print(f"{'bytes a key':24}" + "".join(f"{name:>12}" for name, _ in servers))
    empty = {}
    for label, command in SHAPES.items():
        row = []
        for name, line in servers:
            figures = []
            for count in (1_000_000, 1_400_000):
                server = Server(name, line)
                empty[name] = before = server.rss()
                server.fill(count, command)
                figures.append((server.rss() - before) / count)
                server.stop()
            row.append(max(figures))
        print(f"{label:24}" + "".join(f"{figure:12.1f}" for figure in row), flush=True)
    print(f"{'empty server, MB':24}" + "".join(f"{empty[name] / 1e6:12.1f}" for name, _ in servers))


def expiry(servers):
    for name, line in servers:
        server = Server(name, line)
        server.fill(1_000_000, lambda i: encode("SET", "other:%d" % i, "v", "EX", 10000 + i % 100000))
        server.send([encode("CONFIG", "SET", "notify-keyspace-events", "Ex")])
        due_ms = int(time.time() * 1000) + 3000
        server.send([encode("SET", "due:%d" % i, "v", "PXAT", due_ms) for i in range(1000)])
        connection, _ = server.connect()
        connection.sendall(encode("SUBSCRIBE", "__keyevent@0__:expired"))
        lags, limit, rest = [], time.time() + 60, b""
        while len(lags) < 1000 and time.time() < limit:
            # A whole read has one time: taking it apart must not count as the server's.
            rest += connection.recv(1 << 20)
            at, (*whole, rest) = time.time() * 1000, rest.split(b"\r\n")
            lags += [at - due_ms] * sum(line.startswith(b"due:") for line in whole)
        lags.sort()
        print(f"{name}: {len(lags)} of 1000 seen within a minute; lag in ms: p50 {lags[len(lags) // 2]:.1f}, "
              f"p99 {lags[len(lags) * 99 // 100]:.1f}, longest {lags[-1]:.1f}", flush=True)
        server.stop()


def plain(i):
    return encode("SET", "key:%012d" % i, "x" * 64)


def mixed(i):
    """By turns: strings that do not compress, with and without a time to live, integers, small collections."""
    noise = "%040x" % (i * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 160))
    return (
        lambda: encode("SET", "text:%011d" % i, noise * 2),
        lambda: encode("SET", "session:%08d" % i, noise, "EX", 100000 + i % 50000),
        lambda: encode("SET", "count:%010d" % i, i * 7919),
        lambda: encode("HSET", "hash:%011d" % i, "name", noise[:12], "mail", noise[12:30], "age", i % 90, "n", i),
        lambda: encode("RPUSH", "list:%011d" % i, *(noise[n:n + 8] for n in range(0, 40, 5))),
        lambda: encode("ZADD", "zset:%011d" % i,
                       *(word for n in range(6) for word in (i % 1000 + n, noise[n * 5:n * 5 + 9]))),
        lambda: encode("SADD", "tags:%011d" % i, *(noise[n:n + 6] for n in range(0, 30, 6))),
        lambda: encode("SADD", "ints:%011d" % i, *range(i, i + 8)),
    )[i % 8]()


def timed(server, figures, what, act, children=False):
    before, began = server.cpu()[children], time.time()
    act()
    took = time.time() - began, server.cpu()[children] - before
    figures.setdefault(what, {}).setdefault(server.name, []).append(took)


def settled(server, field):
    while f"{field}:1" in server.ask("INFO", "persistence"):
        time.sleep(0.02)


def in_background(server, command, field):
    children = server.cpu()[1]
    reply = server.ask(command)
    assert not reply.startswith("-"), reply
    settled(server, field)
    while server.cpu()[1] == children:
        time.sleep(0.01)


def sure(server, *words):
    reply = server.ask(*words)
    assert not reply.startswith("-"), reply


def start(name, command, directory, figures, what, extra):
    """Times a start, up to the first answer that is not -LOADING."""
    began = time.time()
    server = Server(name, command + extra, directory)
    while server.ask("PING") != "+PONG":
        time.sleep(0.02)
    figures.setdefault(what, {}).setdefault(name, []).append((time.time() - began, server.cpu()[0]))
    server.process.kill()
    server.process.wait(20)


def saves_and_loads(running, rounds, figures):
    def each(act):
        for _ in range(rounds):
            for server in running:
                act(server)

    def rewritten(preamble):
        for server in running:
            sure(server, "CONFIG", "SET", "aof-use-rdb-preamble", preamble)
            sure(server, "CONFIG", "SET", "appendonly", "yes")
            settled(server, "aof_rewrite_in_progress")
        base = "BGREWRITEAOF (child), base " + ("RDB" if preamble == "yes" else "AOF")
        each(lambda s: timed(s, figures, base,
                             lambda: in_background(s, "BGREWRITEAOF", "aof_rewrite_in_progress"), True))
        base = "LOADAOF, base " + ("RDB" if preamble == "yes" else "AOF")
        each(lambda s: timed(s, figures, base, lambda: sure(s, "DEBUG", "LOADAOF")))

    each(lambda s: timed(s, figures, "SAVE", lambda: sure(s, "SAVE")))
    each(lambda s: timed(s, figures, "BGSAVE (child)",
                         lambda: in_background(s, "BGSAVE", "rdb_bgsave_in_progress"), True))
    each(lambda s: timed(s, figures, "DEBUG RELOAD NOSAVE", lambda: sure(s, "DEBUG", "RELOAD", "NOSAVE")))
    rewritten("yes")
    rewritten("no")


def persist(servers):
    keys, rounds = int(os.environ.get("PERSIST_KEYS", "2000000")), int(os.environ.get("PERSIST_ROUNDS", "5"))
    for label in os.environ.get("PERSIST_SETS", "plain,mixed").split(","):
        figures = {}
        with tempfile.TemporaryDirectory() as top:
            places = {name: os.path.join(top, name) for name, _ in servers}
            running = []
            for name, line in servers:
                os.mkdir(places[name])
                running.append(Server(name, line, places[name]))
                running[-1].fill(keys, {"plain": plain, "mixed": mixed}[label])
            saves_and_loads(running, rounds, figures)
            sizes = {server.name: server.ask("DBSIZE") for server in running}
            assert set(sizes.values()) == {f":{keys}"}, sizes
            for server in running:
                server.process.kill()
                server.process.wait(20)
            starts = ("start from RDB", " --appendonly no"), ("start from AOF, base AOF", " --appendonly yes")
            for what, extra in starts:
                for _ in range(rounds):
                    for name, line in servers:
                        start(name, line, places[name], figures, what, extra)
        report_persist(f"{keys} keys, {label}, medians of {rounds} rounds", figures, [name for name, _ in servers])


def report_persist(title, figures, names):
    print(f"{title:50}" + "".join(f"{name:>28}" for name in names))
    for what, by_name in figures.items():
        first = None
        row = f"{what:50}"
        for name in names:
            wall, cpu = (statistics.median(column) for column in zip(*by_name[name]))
            first = first or (wall, cpu)
            row += f"{wall:8.2f} s {cpu:5.2f} cpu" + (f" x{cpu / first[1]:4.2f}" if name != names[0] else "      ")
        print(row, flush=True)


if __name__ == "__main__":
    kinds = {"memory": memory, "expiry": expiry, "persist": persist}
    if len(sys.argv) < 3 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    kinds[sys.argv[1]]([tuple(arg.split("=", 1)) for arg in sys.argv[2:]])
