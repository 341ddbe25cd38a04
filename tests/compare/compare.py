#!/usr/bin/env python3
"""Runs one seeded stream of random commands on two servers and compares what they answer and what they then hold.

    tests/compare/compare.py --a target/release/spinel --b valkey-server --count 1000000 --seed 1
    tests/compare/compare.py --a 127.0.0.1:6379 --b 127.0.0.1:6380

`--a` and `--b` are programs to start or servers that run. The commands are of every type, with their options, edge
numbers, wrong types and few keys, so that they meet; limits of the packed encodings are lowered, so that all encodings
are passed through. Beside every reply TYPE and OBJECT ENCODING of a touched key are compared, now and then TTLs, and
every 20,000 commands the whole data set. The first differences are shown with what was done to their keys before.
The same seed gives the same commands.
"""

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import time

# What both may answer differently, each with its reason. A rule gets (command words, reply) and returns the reply in
# the form that is compared.
UNORDERED = {"SMEMBERS", "SPOP", "SINTER", "SUNION", "SDIFF", "HKEYS", "HVALS", "KEYS"}
RULES = []


def rule(function):
    RULES.append(function)
    return function


@rule
def order_of_tables(words, reply):
    """Sets and hashes that are tables have no order: each server hashes with a key of its own."""
    name = words[0]
    if isinstance(reply, list) and name in UNORDERED:
        return sorted(reply, key=repr)
    if isinstance(reply, list) and name == "HGETALL":
        return sorted((reply[i:i + 2] for i in range(0, len(reply), 2)), key=repr)
    return reply


def near_times(words, a, b):
    """The clocks of two servers are read a little apart: times to live may differ by two seconds."""
    slack = {"TTL": 2, "EXPIRETIME": 2, "PTTL": 2000, "PEXPIRETIME": 2000}.get(words[0])
    return slack and isinstance(a, int) and isinstance(b, int) and min(a, b) > 0 and abs(a - b) <= slack


@rule
def scans(words, reply):
    """A cursor is a place in a server's own table: of SCAN and its kin only the kind of the reply is compared."""
    if words[0] in ("SCAN", "HSCAN", "SSCAN", "ZSCAN") and isinstance(reply, list):
        return "a scan"
    return reply


@rule
def chance(words, reply):
    """What chance chooses differs: of the random commands only how many were chosen is compared."""
    if words[0] in ("SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "RANDOMKEY"):
        return len(reply) if isinstance(reply, list) else type(reply).__name__
    return reply


@rule
def embedded_strings(words, reply):
    """The referee embeds a string if it fits beside key and time to live, Redis 7.2 (and we) up to 44 bytes."""
    if words[:2] == ["OBJECT", "ENCODING"] and reply in (b"embstr", b"raw"):
        return "a string"
    return reply


SORTED = set()


@rule
def sorted_zsets(words, reply):
    """SORT turns a packed sorted set into a skiplist in Redis, for good; it changes nothing of what it reads here."""
    if words[0] in ("SORT", "SORT_RO"):
        SORTED.add(words[1])
    elif words[0] in ("RENAME", "RENAMENX", "COPY") and words[1] in SORTED:
        SORTED.add(words[2])
    elif words[:2] == ["OBJECT", "ENCODING"] and words[2] in SORTED and reply in (b"listpack", b"skiplist"):
        return "of a sorted set"
    return reply


LIMITS = [
    ["list-max-listpack-size", "8"], ["set-max-intset-entries", "8"], ["set-max-listpack-entries", "8"],
    ["set-max-listpack-value", "16"], ["hash-max-listpack-entries", "8"], ["hash-max-listpack-value", "16"],
    ["zset-max-listpack-entries", "8"], ["zset-max-listpack-value", "16"], ["stream-node-max-entries", "4"],
]
KEYS = {kind: [f"{kind}{n}" for n in range(6)] for kind in ("str", "list", "set", "hash", "zset", "stream", "any")}


class Stream:
    """The commands of a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.id = 0
        self.families = [self.string, self.generic, self.list, self.set, self.hash, self.zset, self.stream, self.bits,
                         self.hll, self.geo, self.sort]

    def key(self, kind):
        if self.random.random() < 0.06:
            kind = self.random.choice(list(KEYS))
        return self.random.choice(KEYS[kind])

    def some(self, make, low=1, high=3):
        return [make() for _ in range(self.random.randint(low, high))]

    def pick(self, *choices):
        return self.random.choice(choices)

    def maybe(self, *words, odds=0.3):
        return list(words) if self.random.random() < odds else []

    def number(self):
        return str(self.pick(0, 1, 2, 3, 5, 10, -1, -2, self.random.randint(-30, 30),
                             self.random.randint(-2**40, 2**40), 2**63 - 1, -2**63, 2**63) if
                   self.random.random() < 0.9 else self.pick("abc", "", "1.5", " 1", "+1", "01", "-0"))

    def small(self):
        return str(self.random.randint(-12, 12))

    def count(self):
        return str(self.pick(0, 1, 1, 2, 3, 5, 20, 20, 3, 2) if self.random.random() < 0.97 else
                   self.pick(-1, "abc", 2**63))

    def score(self):
        return str(self.pick(0, 1, 2, -1, 1.5, 0.1, 1e20, self.random.randint(-9, 9), round(self.random.uniform(-9, 9), 3),
                             "inf", "-inf") if self.random.random() < 0.97 else self.pick("nan", "abc", ""))

    def member(self):
        return self.pick(*"abcdefghijkl", *map(str, range(8)), "x" * 17, "", "\x01\x02")

    def value(self):
        return self.pick("v", "", "12", "-5", "1.5", "abc" * 7, "x" * 50, self.number(), "\x00\x7f")

    def seconds(self):
        return str(self.pick(1000, 5000, 100000, 20000) if self.random.random() < 0.9 else
                   self.pick(0, -1, "abc", 2**63 - 1))

    def string(self):
        k = self.key("str")
        return self.pick(
            lambda: ["SET", k, self.value(), *self.maybe(self.pick("NX", "XX")), *self.maybe("GET"),
                     *self.pick([], [], ["EX", self.seconds()], ["PX", self.seconds() + "000"], ["KEEPTTL"],
                                ["PXAT", "99999999999999"])],
            lambda: ["GET", k], lambda: ["GETDEL", k], lambda: ["GETSET", k, self.value()],
            lambda: ["GETEX", k, *self.pick([], ["EX", self.seconds()], ["PERSIST"], ["PXAT", "99999999999999"])],
            lambda: ["APPEND", k, self.value()], lambda: ["STRLEN", k], lambda: ["INCR", k], lambda: ["DECR", k],
            lambda: ["INCRBY", k, self.number()], lambda: ["DECRBY", k, self.number()],
            lambda: ["INCRBYFLOAT", k, self.score()], lambda: ["GETRANGE", k, self.small(), self.small()],
            lambda: ["SETRANGE", k, self.pick("0", "1", "5", "70", "-1", "abc"), self.value()],
            lambda: ["MGET", *self.some(lambda: self.key("str"))],
            lambda: ["MSET", *sum(self.some(lambda: [self.key("str"), self.value()]), [])],
            lambda: ["MSETNX", *sum(self.some(lambda: [self.key("str"), self.value()]), [])],
            lambda: ["SETNX", k, self.value()], lambda: ["SETEX", k, self.seconds(), self.value()],
            lambda: ["LCS", k, self.key("str"), *self.pick([], ["LEN"], ["IDX"], ["IDX", "WITHMATCHLEN"])])()

    def generic(self):
        k = self.key("any" if self.random.random() < 0.3 else self.pick(*KEYS))
        o = self.key(self.pick(*KEYS))
        return self.pick(
            lambda: ["DEL", *self.some(lambda: self.key(self.pick(*KEYS)), 1, 2)], lambda: ["EXISTS", k, o],
            lambda: ["TYPE", k], lambda: ["RENAME", k, o], lambda: ["RENAMENX", k, o],
            lambda: ["COPY", k, o, *self.maybe("REPLACE")], lambda: ["EXPIRE", k, self.seconds(),
                                                                   *self.maybe(self.pick("NX", "XX"))],
            # Which of two relative times is later depends on when they were given: conditions get absolute ones.
            lambda: ["EXPIREAT", k, str(33177117420 + self.random.randint(0, 3)), *self.maybe(self.pick("GT", "LT"))],
            lambda: ["PEXPIREAT", k, "99999999999999"], lambda: ["PERSIST", k], lambda: ["TTL", k],
            lambda: ["PEXPIRETIME", k], lambda: ["OBJECT", "ENCODING", k], lambda: ["UNLINK", k],
            lambda: ["SCAN", "0", "COUNT", self.count()], lambda: ["TOUCH", k, o], lambda: ["DBSIZE"])()

    def list(self):
        k, o = self.key("list"), self.key("list")
        side = lambda: self.pick("LEFT", "RIGHT")
        return self.pick(
            lambda: [self.pick("LPUSH", "RPUSH", "RPUSH", "LPUSHX", "RPUSHX"), k, *self.some(self.member, 1, 5)],
            lambda: [self.pick("LPOP", "RPOP"), k, *self.maybe(self.count())], lambda: ["LLEN", k],
            lambda: ["LRANGE", k, self.small(), self.small()], lambda: ["LINDEX", k, self.small()],
            lambda: ["LSET", k, self.small(), self.member()], lambda: ["LREM", k, self.small(), self.member()],
            lambda: ["LTRIM", k, self.pick("0", "1", "-9"), self.pick("-1", "-2", "9")],
            lambda: ["LINSERT", k, self.pick("BEFORE", "AFTER"), self.member(), self.member()],
            lambda: ["LPOS", k, self.member(), *self.maybe("RANK", self.small()), *self.maybe("COUNT", self.count()),
                     *self.maybe("MAXLEN", self.count())],
            lambda: ["LMOVE", k, o, side(), side()], lambda: ["RPOPLPUSH", k, o],
            lambda: ["LMPOP", "2", k, o, side(), *self.maybe("COUNT", self.count())])()

    def set(self):
        k, o = self.key("set"), self.key("set")
        return self.pick(
            lambda: ["SADD", k, *self.some(self.member, 1, 5)], lambda: ["SADD", k, *self.some(self.number, 1, 5)],
            lambda: ["SREM", k, *self.some(self.member, 1, 5)], lambda: ["SCARD", k],
            lambda: ["SISMEMBER", k, self.member()], lambda: ["SMISMEMBER", k, *self.some(self.member)],
            lambda: ["SMEMBERS", k], lambda: ["SMOVE", k, o, self.member()], lambda: ["SRANDMEMBER", k, self.small()],
            lambda: [self.pick("SINTER", "SUNION", "SDIFF"), *self.some(lambda: self.key("set"))],
            lambda: [self.pick("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"), o, *self.some(lambda: self.key("set"))],
            lambda: ["SINTERCARD", "2", k, o, *self.maybe("LIMIT", self.count())],
            lambda: ["SPOP", k, "100"], lambda: ["SSCAN", k, "0"])()

    def hash(self):
        k = self.key("hash")
        return self.pick(
            lambda: ["HSET", k, *sum(self.some(lambda: [self.member(), self.value()]), [])],
            lambda: ["HGET", k, self.member()], lambda: ["HMGET", k, *self.some(self.member)],
            lambda: ["HDEL", k, *self.some(self.member)], lambda: ["HLEN", k], lambda: ["HEXISTS", k, self.member()],
            lambda: ["HSTRLEN", k, self.member()], lambda: ["HSETNX", k, self.member(), self.value()],
            lambda: ["HINCRBY", k, self.member(), self.number()],
            lambda: ["HINCRBYFLOAT", k, self.member(), self.score()], lambda: ["HGETALL", k], lambda: ["HKEYS", k],
            lambda: ["HVALS", k], lambda: ["HRANDFIELD", k, self.small()], lambda: ["HSCAN", k, "0"])()

    def range_of_scores(self):
        return self.pick("-inf", "+inf", "(1", "0", "2", "(3", "-1", "5", "abc")

    def range_of_members(self):
        return self.pick("-", "+", "[a", "(c", "[e", "(k", "[", "abc")

    def zset(self):
        k, o = self.key("zset"), self.key("zset")
        # Ranges by member mean something only where all scores are the same, so those sets are kept apart.
        x = self.pick("lex0", "lex1", "lex2")
        s, l, c = self.range_of_scores, self.range_of_members, self.small
        pair = lambda: [self.score(), self.member()]
        with_scores = lambda: self.maybe("WITHSCORES")
        # Redis finds nothing from a negative offset on, and the referee counts it from the end in big sets only.
        limit = lambda: self.maybe("LIMIT", self.pick("0", "1", "2", "7"), self.small())
        many = lambda: [self.pick(self.key("zset"), self.key("zset"), self.key("set")) for _ in range(2)]
        how = lambda: [*self.maybe("WEIGHTS", self.pick("2", "-1", "0.5", "inf"), "3"),
                       *self.maybe("AGGREGATE", self.pick("SUM", "MIN", "MAX"))]
        return self.pick(
            lambda: ["ZADD", k, *self.maybe(self.pick("NX", "XX", "GT", "LT")), *self.maybe("CH"),
                     *sum(self.some(pair, 1, 5), [])],
            lambda: ["ZADD", k, *self.maybe(self.pick("NX", "XX", "GT", "LT")), "INCR", *pair()],
            lambda: ["ZINCRBY", k, *pair()], lambda: ["ZREM", k, *self.some(self.member)], lambda: ["ZCARD", k],
            lambda: ["ZSCORE", k, self.member()], lambda: ["ZMSCORE", k, *self.some(self.member)],
            lambda: [self.pick("ZRANK", "ZREVRANK"), k, self.member(), *self.maybe("WITHSCORE")],
            lambda: ["ZRANGE", k, c(), c(), *self.maybe("REV"), *with_scores()],
            lambda: ["ZRANGE", k, s(), s(), "BYSCORE", *self.maybe("REV"), *limit(), *with_scores()],
            lambda: ["ZRANGE", x, l(), l(), "BYLEX", *self.maybe("REV"), *limit()],
            lambda: [self.pick("ZRANGEBYSCORE", "ZREVRANGEBYSCORE"), k, s(), s(), *with_scores(), *limit()],
            lambda: [self.pick("ZRANGEBYLEX", "ZREVRANGEBYLEX"), x, l(), l(), *limit()],
            lambda: ["ZREVRANGE", k, c(), c(), *with_scores()], lambda: ["ZCOUNT", k, s(), s()],
            lambda: ["ZLEXCOUNT", x, l(), l()], lambda: ["ZREMRANGEBYRANK", k, c(), self.pick("0", "2", "-7")],
            lambda: ["ZREMRANGEBYSCORE", k, self.pick("(1", "2"), self.pick("1.5", "2", "(3")],
            lambda: ["ZADD", x, *sum(self.some(lambda: ["0", self.member()], 1, 5), [])],
            lambda: ["ZREMRANGEBYLEX", x, self.pick("[a", "(c"), self.pick("[b", "(d")],
            lambda: [self.pick("ZPOPMIN", "ZPOPMAX"), k, *self.maybe(self.pick("1", "2", "0"))],
            lambda: ["ZMPOP", "2", k, o, self.pick("MIN", "MAX"), *self.maybe("COUNT", self.count())],
            lambda: [self.pick("ZUNIONSTORE", "ZINTERSTORE"), o, "2", *many(), *how()],
            lambda: [self.pick("ZUNION", "ZINTER"), "2", *many(), *how(), *with_scores()],
            lambda: ["ZDIFF", "2", *many(), *with_scores()], lambda: ["ZDIFFSTORE", o, "2", *many()],
            lambda: ["ZINTERCARD", "2", *many(), *self.maybe("LIMIT", self.count())],
            lambda: ["ZRANGESTORE", o, k, c(), c()], lambda: ["ZRANDMEMBER", k, c()], lambda: ["ZSCAN", k, "0"])()

    def stream_id(self):
        return f"{self.random.randint(0, max(1, self.id // 50))}-{self.random.randint(0, 3)}"

    def stream(self):
        k = self.key("stream")
        self.id += 1
        g, c = self.pick("g", "h"), self.pick("c", "d")
        i = self.stream_id
        trim = lambda: [self.pick("MAXLEN", "MINID"), *self.maybe(self.pick("~", "=")), self.pick("0", "3", "9", i())]
        return self.pick(
            lambda: ["XADD", k, *self.maybe("NOMKSTREAM", odds=0.1), *(trim() if self.random.random() < 0.1 else []),
                     f"{self.id // 50}-{self.random.randint(0, 99)}", self.member(), self.value()],
            lambda: ["XADD", k, f"{self.id // 50}-*", self.member(), self.value()],
            lambda: ["XLEN", k], lambda: ["XRANGE", k, self.pick("-", i(), "(" + i()), self.pick("+", i()),
                                        *self.maybe("COUNT", self.count())],
            lambda: ["XREVRANGE", k, self.pick("+", i()), self.pick("-", i()), *self.maybe("COUNT", self.count())],
            lambda: ["XDEL", k, *self.some(i)], lambda: ["XTRIM", k, *trim()],
            lambda: ["XREAD", *self.maybe("COUNT", self.count()), "STREAMS", k, i()],
            lambda: ["XGROUP", "CREATE", k, g, self.pick("0", "$", i()), *self.maybe("MKSTREAM")],
            lambda: ["XGROUP", "SETID", k, g, i()], lambda: ["XGROUP", self.pick("CREATECONSUMER", "DELCONSUMER"), k, g, c],
            lambda: ["XGROUP", "DESTROY", k, g] if self.random.random() < 0.2 else ["XINFO", "GROUPS", k],
            lambda: ["XREADGROUP", "GROUP", g, c, "COUNT", self.count(), *self.maybe("NOACK"), "STREAMS", k,
                     self.pick(">", ">", "0", i())],
            lambda: ["XACK", k, g, *self.some(i)], lambda: ["XPENDING", k, g],
            lambda: ["XCLAIM", k, g, c, "0", *self.some(i), *self.maybe("JUSTID"), *self.maybe("FORCE", odds=0.1)],
            lambda: ["XAUTOCLAIM", k, g, c, "0", i(), *self.maybe("COUNT", "2"), *self.maybe("JUSTID")],
            lambda: ["XSETID", k, f"{self.id}-0"] if self.random.random() < 0.05 else ["XLEN", k])()

    def bits(self):
        k, o = self.key("str"), self.key("str")
        kind = lambda: self.pick("u", "i") + str(self.pick(1, 3, 8, 16, 32, 63, 64))
        at = lambda: self.pick("0", "5", "#1", "#2", "100", "-1")
        return self.pick(
            lambda: ["SETBIT", k, self.pick("0", "7", "100", "300", "-1"), self.pick("0", "1", "2")],
            lambda: ["GETBIT", k, self.pick("0", "7", "100")],
            lambda: ["BITCOUNT", k, *self.pick([], [self.small(), self.small()], [self.small(), self.small(), "BIT"])],
            lambda: ["BITPOS", k, self.pick("0", "1"), *self.pick([], [self.small()], [self.small(), self.small()],
                                                                [self.small(), self.small(), "BIT"])],
            lambda: ["BITOP", self.pick("AND", "OR", "XOR"), o, *self.some(lambda: self.key("str"))],
            lambda: ["BITOP", "NOT", o, k],
            lambda: ["BITFIELD", k, *self.maybe("OVERFLOW", self.pick("WRAP", "SAT", "FAIL")),
                     *self.pick(["GET", kind(), at()], ["SET", kind(), at(), self.number()],
                                ["INCRBY", kind(), at(), self.number()])],
            lambda: ["BITFIELD_RO", k, "GET", kind(), at()])()

    def hll(self):
        k = self.pick("hll0", "hll1", "hll2", self.key("str"))
        return self.pick(lambda: ["PFADD", k, *self.some(self.number, 0, 9)], lambda: ["PFCOUNT", k, "hll1"],
                         lambda: ["PFMERGE", "hll2", k], lambda: ["GET", k])()

    def geo(self):
        k = self.pick("geo0", "geo1", self.key("zset"))
        place = lambda: [str(round(self.random.uniform(-190, 190) if self.random.random() < 0.1 else
                                   self.random.uniform(10, 12), 4)), str(round(self.random.uniform(40, 42), 4))]
        shape = lambda: self.pick(["BYRADIUS", "90"], ["BYBOX", "100", "80"]) + [self.pick("km", "mi")]
        search = lambda: [*self.pick(["FROMMEMBER", self.member()], ["FROMLONLAT", *place()]), *shape(),
                          self.pick("ASC", "DESC"), *self.maybe("COUNT", "3")]
        return self.pick(
            lambda: ["GEOADD", k, *place(), self.member()], lambda: ["GEOADD", k, *place(), self.member()],
            lambda: ["GEOPOS", k, *self.some(self.member)], lambda: ["GEOHASH", k, *self.some(self.member)],
            lambda: ["GEODIST", k, self.member(), self.member(), *self.maybe("km")],
            lambda: ["GEOSEARCH", k, *search(), *self.maybe("WITHDIST"), *self.maybe("WITHCOORD")],
            lambda: ["GEOSEARCHSTORE", "geo1", k, *search(), *self.maybe("STOREDIST")])()

    def sort(self):
        k = self.key(self.pick("list", "set", "zset"))
        tail = [*self.maybe("DESC"), *self.maybe("LIMIT", self.small(), self.small())]
        return self.pick(lambda: ["SORT", k, "ALPHA", *tail], lambda: ["SORT", k, *tail],
                         lambda: ["SORT", k, "ALPHA", *tail, "STORE", self.key("list")],
                         lambda: ["SORT_RO", k, "ALPHA", *tail, "GET", "#", "GET", "str*"])()

    def next(self):
        return self.random.choice(self.families)()


class Server:
    def __init__(self, where):
        self.process = None
        if ":" not in where:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            self.folder = tempfile.TemporaryDirectory(prefix="compare-")
            self.process = subprocess.Popen([where, "--port", str(port), "--save", "", "--dir", self.folder.name],
                                            stdout=subprocess.DEVNULL)
            where = f"127.0.0.1:{port}"
        host, port = where.rsplit(":", 1)
        for _ in range(200):
            try:
                self.socket = socket.create_connection((host, int(port)))
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise SystemExit(f"nothing listens on {where}")
        self.file = self.socket.makefile("rb", 1 << 20)

    def send(self, commands):
        out = []
        for words in commands:
            out.append(b"*%d\r\n" % len(words))
            for word in words:
                data = word.encode("latin-1")
                out.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(out))

    def read(self):
        line = self.file.readline()
        if not line:
            raise SystemExit("a server went away")
        kind, rest = line[:1], line[1:-2]
        if kind == b":":
            return int(rest)
        if kind in b"+-":
            return line[:-2].decode("latin-1")
        size = int(rest)
        if size < 0:
            return None if kind == b"$" else "null array"
        if kind == b"$":
            return self.file.read(size + 2)[:-2]
        return [self.read() for _ in range(size)]

    def ask(self, commands):
        self.send(commands)
        return [self.read() for _ in commands]

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.folder.cleanup()


VALUES = {"+string": ["GET"], "+list": ["LRANGE", None, "0", "-1"], "+set": ["SMEMBERS"], "+hash": ["HGETALL"],
          "+zset": ["ZRANGE", None, "0", "-1", "WITHSCORES"], "+stream": ["XRANGE", None, "-", "+"]}


def questions(server):
    """What to ask of everything a server holds."""
    keys = sorted(key.decode("latin-1") for key in server.ask([["KEYS", "*"]])[0])
    kinds = server.ask([["TYPE", key] for key in keys]) if keys else []
    asked = [["KEYS", "*"]]
    for key, kind in zip(keys, kinds):
        form = VALUES[kind]
        value = [form[0], key, *form[2:]] if len(form) > 1 else [form[0], key]
        asked += [["TYPE", key], value, ["PEXPIRETIME", key], ["OBJECT", "ENCODING", key]]
        if kind == "+stream":
            asked.append(["XINFO", "GROUPS", key])
    return asked


class Comparison:
    def __init__(self, a, b, show):
        self.a, self.b, self.show, self.wrong, self.history, self.by_command = a, b, show, 0, [], {}

    def keys_of(self, words):
        return {word for word in words[1:] if word[-1:].isdigit() and word[:3] in
                ("str", "lis", "set", "has", "zse", "any", "hll", "geo", "lex")}

    def run(self, commands, remember=True):
        replies = []
        # In pieces that fit into the sockets' buffers, so that neither side waits for the other.
        for at in range(0, len(commands), 200):
            part = commands[at:at + 200]
            self.a.send(part)
            self.b.send(part)
            replies += zip(part, [self.a.read() for _ in part], [self.b.read() for _ in part])
        for words, a, b in replies:
            if remember:
                self.history.append(words)
            if a == b:
                sorted_zsets(words, a)
                continue
            for normal in RULES:
                a, b = normal(words, a), normal(words, b)
            if a != b and not near_times(words, a, b):
                self.tell(words, a, b)
        del self.history[:-50000]

    def tell(self, words, a, b):
        self.wrong += 1
        self.by_command[words[0]] = self.by_command.get(words[0], 0) + 1
        if self.by_command[words[0]] > 3:
            return
        print(" ".join(map(repr, words)), f"\n  a: {a!r}\n  b: {b!r}\n  before:")
        keys = self.keys_of(words)
        before = [old for old in self.history if keys & self.keys_of(old) and old[0] not in ("TYPE", "OBJECT")]
        for old in before[-12:]:
            print("   ", " ".join(map(repr, old)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--a", required=True)
    parser.add_argument("--b", required=True)
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=30, help="how many differences to show")
    parser.add_argument("--only", help="the families to draw from, by name, with commas between")
    args = parser.parse_args()
    a, b = Server(args.a), Server(args.b)
    began = time.time()
    try:
        compare = Comparison(a, b, args.show)
        compare.run([["FLUSHALL"], *(["CONFIG", "SET", *pair] for pair in LIMITS)], False)
        stream = Stream(args.seed)
        if args.only:
            stream.families = [getattr(stream, name) for name in args.only.split(",")]
        done = 0
        while done < args.count and compare.wrong < 10 * args.show:
            batch = []
            for _ in range(min(1000, args.count - done)):
                words = stream.next()
                batch.append(words)
                keys = sorted(compare.keys_of(words))
                if keys and stream.random.random() < 0.2:
                    batch += [["OBJECT", "ENCODING", keys[0]], ["TYPE", keys[0]]]
            done += 1000
            compare.run(batch)
            if done % 20000 == 0:
                compare.run(questions(a), False)
        compare.run(questions(a), False)
        print(f"{min(done, args.count)} commands, seed {args.seed}: {compare.wrong} differences "
              f"{compare.by_command or ''} in {time.time() - began:.0f} s")
        sys.exit(1 if compare.wrong else 0)
    finally:
        a.stop()
        b.stop()


if __name__ == "__main__":
    main()
