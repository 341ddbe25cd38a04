"""The protocol's client and a server's life for the scripts of these tests: requests as lists of words, replies as
Python values. It knows no command, and needs nothing but Python."""

import os
import shlex
import signal
import socket
import subprocess
import time


class Failure(bytes):
    """An error reply, without its dash."""


def encode(words):
    """One request. Words are bytes, or what str() makes of them."""
    out = [b"*%d\r\n" % len(words)]
    for word in words:
        if not isinstance(word, bytes):
            word = str(word).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(out)


class Connection:
    """Asks and waits for the answer."""

    def __init__(self, port, timeout_s=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)

    def read(self):
        line = self.file.readline()
        if line[-2:] != b"\r\n":
            raise ConnectionError("the server went away")
        kind, rest = line[:1], line[1:-2]
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        if kind == b"-":
            return Failure(rest)
        size = int(rest)
        if size < 0:
            return None
        if kind == b"$":
            return self.file.read(size + 2)[:-2]
        return [self.read() for _ in range(size)]

    def ask(self, *words):
        self.socket.sendall(encode(words))
        return self.read()

    def ask_all(self, commands):
        """The replies to many commands, sent in pieces that fit into the sockets' buffers."""
        replies = []
        for at in range(0, len(commands), 200):
            part = commands[at:at + 200]
            self.socket.sendall(b"".join(map(encode, part)))
            replies += [self.read() for _ in part]
        return replies

    def must(self, *words):
        """As ask, for what has to succeed."""
        reply = self.ask(*words)
        if isinstance(reply, Failure):
            raise RuntimeError(f"{words}: {reply.decode()}")
        return reply

    def info(self, section):
        lines = self.must("INFO", section).decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def close(self):
        self.file.close()
        self.socket.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server in a session of its own, so that its children can be ended with it."""

    def __init__(self, program, folder, port=None, options=()):
        self.port = port or free_port()
        self.log_path = os.path.join(folder, "log")
        self.log_start = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        argv = [*shlex.split(str(program)), "--port", str(self.port), "--dir", folder, *map(str, options)]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)

    def connect(self, timeout_s=30):
        """A connection, once the server has loaded its data."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and self.process.poll() is None:
            try:
                connection = Connection(self.port)
                if connection.ask("PING") == b"PONG":
                    return connection
                connection.close()
            except OSError:
                pass
            time.sleep(0.003)
        raise RuntimeError(f"the server does not serve:\n{self.log()[-2000:]}")

    def log(self):
        """What it logged since it was started."""
        with open(self.log_path, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def children(self):
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as pids:
                return len(pids.read().split())
        except OSError:
            return 0

    def kill(self, whole_session):
        """kill -9, of the server alone or with its children."""
        if whole_session:
            self.end_session()
        else:
            self.process.kill()
        self.process.wait()

    def end_session(self):
        """Ends everything that still runs in its session."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def stop(self):
        """Ends it as its user would, and waits."""
        self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill(True)
            return None
