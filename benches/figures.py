#!/usr/bin/env python3
"""Figures of docs/measured.md that need no load generator, for any number of servers side by side.

usage: benches/figures.py memory|expiry NAME=COMMAND [NAME=COMMAND ...]      {port} in COMMAND is filled in

memory  resident bytes a key, of 1 and of 1.4 million keys, the worse of the two; and the empty server
expiry  how late 1000 keys due at one instant go, beside a million others with a time to live

Everything runs on loopback, on free ports, and ends by itself.
"""
import shlex, socket, subprocess, sys, time


def encode(*words):
    words = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


class Server:
    def __init__(self, name, command):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        argv = shlex.split(command.replace("{port}", str(self.port)))
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

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


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


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("memory", "expiry"):
        sys.exit(__doc__)
    {"memory": memory, "expiry": expiry}[sys.argv[1]]([tuple(arg.split("=", 1)) for arg in sys.argv[2:]])
