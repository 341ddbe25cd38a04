#!/usr/bin/env python3
"""Figures of docs/measured.md, for any number of servers side by side.

usage: benches/figures.py cpu|memory|expiry|persist|stalls|growth NAME=COMMAND [NAME=COMMAND ...]

cpu      the server's CPU time an operation under redis-benchmark, over that of the first server named; medians of
         alternating rounds (CPU_ROUNDS, 3), of the loads that CPU_LOADS names or all; servers on core 0, load on 1

memory   resident bytes a key, of 1 and of 1.4 million keys, the worse of the two; of 200,000 small collections; of
         the elements of large ones; and of the empty server
expiry   how late 1000 keys due at one instant go, beside a million others with a time to live
persist  seconds that saving and loading take, by the clock and of CPU, over those of the first server named; of
         2 million plain keys and of a mixed data set (PERSIST_KEYS, PERSIST_ROUNDS, PERSIST_SETS=plain,mixed).
         COMMAND must allow DEBUG, and name {dir} as its directory.
stalls   how long another client waits while values of a million elements (STALLS_SIZE) go in every way there is
growth   how long another client waits while the keyspace grows from nothing to 20 million keys (GROWTH_KEYS), and a
         hash, a set and a sorted set to 10 million elements each (GROWTH_ELEMENTS)

{port} and {dir}, a directory of its own, are filled in.

A wait is that of a client that asks once a millisecond, counted from when it was due to ask; the idle server's is the
machine's own. Beside it stand the server's own figures, where it has them: the longest time between two looks at its
sockets, by the clock and of the processor's time. On a machine that others use, too, only the last one is the server's.

Everything runs on loopback, on free ports, and ends by itself.
"""
import multiprocessing, os, shlex, socket, statistics, subprocess, sys, tempfile, time


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

    def send(self, commands):
        """Sends commands whose replies are lines or short bulks, and reads them."""
        connection, replies = self.connection
        connection.sendall(b"".join(commands))
        for _ in commands:
            line = replies.readline()
            assert not line.startswith(b"-"), line
            if line.startswith(b"$"):
                replies.readline()

    def fill(self, count, command, together=5000):
        for at in range(0, count, together):
            self.send([command(i) for i in range(at, min(count, at + together))])

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

TEXT = "".join("%x" % (i * i * 0x9E3779B97F4A7C15 & 0xFFFFFFFF) for i in range(20000))


def text(i, length):
    """Text that nothing can share or compress away."""
    at = i * 7919 % (len(TEXT) - length)
    return TEXT[at:at + length]


def listed(count, item):
    return [word for j in range(count) for word in item(j)]


# Label: how many, and the command for each.
COLLECTIONS = {
    "hash of 5 fields": (200_000, lambda i: encode(
        "HSET", "h:%012d" % i, *listed(5, lambda j: (f"field{j}", text(i + j, 11))))),
    "list of 10": (200_000, lambda i: encode("RPUSH", "l:%012d" % i, *listed(10, lambda j: (text(i + j, 10),)))),
    "set of 10 integers": (200_000, lambda i: encode("SADD", "s:%012d" % i, *range(i, i + 10))),
    "sorted set of 10": (200_000, lambda i: encode(
        "ZADD", "z:%012d" % i, *listed(10, lambda j: (j, text(i + 3 * j, 12))))),
    "one sorted set, a member": (1_000_000, lambda i: encode("ZADD", "zset", i, "member:%012d" % i)),
    "one hash, a field": (1_000_000, lambda i: encode("HSET", "hash", "field:%012d" % i, text(i, 13))),
    "one set, a member": (1_000_000, lambda i: encode("SADD", "set", "member:%012d" % i)),
    "one list, an element": (1_000_000, lambda i: encode("RPUSH", "list", "element:%012d" % i)),
    "one stream, an entry": (1_000_000, lambda i: encode("XADD", "stream", "*", "field", text(i, 13))),
}


def memory(servers):
    print(f"{'bytes each':24}" + "".join(f"{name:>12}" for name, _ in servers))
    empty = {}
    shapes = {label: ((1_000_000, 1_400_000), command) for label, command in SHAPES.items()}
    shapes |= {label: ((count,), command) for label, (count, command) in COLLECTIONS.items()}
    for label, (counts, command) in shapes.items():
        row = []
        for name, line in servers:
            figures = []
            for count in counts:
                server = Server(name, line)
                empty[name] = before = server.rss()
                server.fill(count, command, 1000)  # or buffers of long pipelines are measured, too
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


# Label: thousands of requests, pipeline, and the command. Keys are preset.
LOADS = {
    "set": (200, 1, "SET key:__rand_int__ " + "x" * 64),
    "get": (200, 1, "GET key:__rand_int__"),
    "set_p16": (1600, 16, "SET key:__rand_int__ " + "x" * 64),
    "get_p16": (1600, 16, "GET key:__rand_int__"),
    "set_p64": (3000, 64, "SET key:__rand_int__ " + "x" * 64),
    "get_p64": (3000, 64, "GET key:__rand_int__"),
    "incr_p16": (1600, 16, "INCR counter:__rand_int__"),
    "setex_p16": (1600, 16, "SET session:__rand_int__ " + "x" * 200 + " EX 300"),
    "mset10": (100, 1, "MSET" + " key:__rand_int__ " .join([""] + ["v" * 64] * 10)),
    "mget10": (100, 1, "MGET" + " key:__rand_int__" * 10),
    "lpush_p16": (1600, 16, "LPUSH list __rand_int__"),
    "lrange100": (100, 1, "LRANGE list 0 99"),
    "lrange600": (50, 1, "LRANGE list 0 599"),
    "rpop_p16": (1600, 16, "RPOP list"),
    "sadd_p16": (1600, 16, "SADD set member:__rand_int__"),
    "hset_p16": (1600, 16, "HSET hash field:__rand_int__ value"),
    "hget_p16": (1600, 16, "HGET hash field:__rand_int__"),
    "zadd_p16": (1600, 16, "ZADD zset __rand_int__ member:__rand_int__"),
    "zrank_p16": (1600, 16, "ZRANK zset member:__rand_int__"),
    "zrange10_p16": (800, 16, "ZRANGE zset __rand_int__ +inf BYSCORE LIMIT 0 10"),
    "xadd_p16": (800, 16, "XADD stream * field value"),
    "get1k": (200, 1, "GET 1k"),
    "get64k": (20, 1, "GET 64k"),
}


def run_time(server):
    """Nanoseconds that all threads of a server ran."""
    tasks = f"/proc/{server.process.pid}/task"
    return sum(int(open(f"{tasks}/{task}/schedstat").read().split()[0]) for task in os.listdir(tasks))


def cpu(servers):
    rounds = int(os.environ.get("CPU_ROUNDS", "3"))
    running = [Server(name, "taskset -c 0 " + line) for name, line in servers]
    for server in running:
        server.fill(1_000_000, plain)
        server.send([encode("SET", "1k", "v" * 1024), encode("SET", "64k", "v" * 65536)])
        server.fill(1000, lambda i: encode("LPUSH", "list", i))
    print(f"{'us an operation':16}" + "".join(f"{server.name:>20}" for server in running))
    for label in os.environ.get("CPU_LOADS", ",".join(LOADS)).split(","):
        thousands, pipeline, command = LOADS[label]
        took = {server.name: [] for server in running}
        for server in running * rounds:
            before = run_time(server)
            load = f"taskset -c 1 redis-benchmark -p {server.port} -c 50 -P {pipeline} -r 1000000 -q -n {thousands}000 "
            subprocess.run(shlex.split(load + command), check=True, stdout=subprocess.DEVNULL)
            took[server.name].append((run_time(server) - before) / 1e6 / thousands)
        figures = [statistics.median(took[server.name]) for server in running]
        print(f"{label:16}" + "".join(f"{us:12.3f} x{us / figures[0]:4.2f}  " for us in figures), flush=True)
    for server in running:
        server.stop()


def ask_on_time(port, pipe):
    """The other client: asks every millisecond until told to stop, and tells how long each answer took."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    except (AttributeError, PermissionError):
        pass
    connection = socket.create_connection(("127.0.0.1", port), timeout=90)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waits, due, question = [], time.monotonic(), encode("GET", "nothing")
    while not pipe.poll():
        due += 0.001
        time.sleep(max(0.0, due - time.monotonic()))
        connection.sendall(question)
        connection.recv(1024)
        waits.append(time.monotonic() - due)
    pipe.send(waits)


def watch(server, label, work):
    """Prints how long others waited while `work` ran, and for some time after, when freeing goes on."""
    server.send([encode("CONFIG", "RESETSTAT")])
    ours, theirs = multiprocessing.Pipe()
    other = multiprocessing.Process(target=ask_on_time, args=(server.port, theirs), daemon=True)
    other.start()
    time.sleep(0.2)
    work()
    time.sleep(0.6)
    ours.send("stop")
    waits = sorted(ours.recv())
    other.join()
    stats = dict(line.split(":", 1) for line in server.ask("INFO", "stats").split("\r\n") if ":" in line)
    own = [stats.get(field) for field in ("stall_max_usec", "stall_max_cpu_usec")]
    own = "".join(f"{'-':>12}" if us is None else f"{int(us) / 1000:12.2f}" for us in own)
    rare = waits[len(waits) * 999 // 1000]
    print(f"{server.name:10}{label:32}{waits[-1] * 1000:12.2f}{rare * 1000:12.2f}{own}", flush=True)


def heading():
    print(f"{'ms':10}{'':32}{'longest':>12}{'p99.9':>12}{'server':>12}{'its CPU':>12}")


# Kind: the command, and the words of one element.
ELEMENTS = {
    "hash": ("HSET", lambda i: ("field:%09d" % i, "value")),
    "set": ("SADD", lambda i: ("member:%09d" % i,)),
    "sorted set": ("ZADD", lambda i: (i, "member:%09d" % i)),
    "list": ("RPUSH", lambda i: ("element:%09d" % i,)),
    "stream": ("XADD", lambda i: ("field", i)),
}


def build(server, kind, size, together):
    """Makes the value "big" of so many elements, so many of them a command."""
    command, item = ELEMENTS[kind]
    words = [command, "big"]
    if kind == "stream":
        words, together = [command, "big", "*"], 1
    batch = max(together, 2000)
    for at in range(0, size, batch):
        firsts = range(at, min(size, at + batch), together)
        server.send([encode(*words, *listed(together, lambda j: item(first + j))) for first in firsts])


def stalls(servers):
    size = int(os.environ.get("STALLS_SIZE", "1000000"))
    ways = {
        "DEL": lambda server: server.send([encode("DEL", "big")]),
        "UNLINK": lambda server: server.send([encode("UNLINK", "big")]),
        "RENAME over": lambda server: server.send([encode("RENAME", "small", "big")]),
        "SET over": lambda server: server.send([encode("SET", "big", "value")]),
        "expiry of": lambda server: server.send([encode("PEXPIRE", "big", "50")]),
    }
    heading()
    for name, line in servers:
        server = Server(name, line)
        watch(server, "nothing", lambda: time.sleep(2))
        for kind in ELEMENTS:
            for way, end in ways.items():
                server.send([encode("DEL", "big"), encode("SET", "small", "value")])
                build(server, kind, size, 100)
                watch(server, f"{way} a {kind}", lambda: end(server))
        server.stop()


def growth(servers):
    keys = int(os.environ.get("GROWTH_KEYS", "20000000"))
    size = int(os.environ.get("GROWTH_ELEMENTS", "10000000"))
    heading()
    for name, line in servers:
        server = Server(name, line)
        watch(server, "nothing", lambda: time.sleep(2))
        for kind in ("hash", "set", "sorted set"):
            watch(server, f"a {kind} growing", lambda: build(server, kind, size, 20))
            server.stop()
            server = Server(name, line)
        watch(server, "the keyspace growing", lambda: server.fill(keys, SHAPES["16 B key, 32 B value"], 200))
        server.stop()


if __name__ == "__main__":
    kinds = {"cpu": cpu, "memory": memory, "expiry": expiry, "persist": persist, "stalls": stalls, "growth": growth}
    if len(sys.argv) < 3 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    kinds[sys.argv[1]]([tuple(arg.split("=", 1)) for arg in sys.argv[2:]])
