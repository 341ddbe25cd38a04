"""redis-py, threaded and asyncio, in both protocols: connecting, long pipelines, pub/sub, transactions, SCAN, errors."""

import asyncio
import sys
import threading

import redis
import redis.asyncio

from checks import Checks

PORT = int(sys.argv[1])
PIPELINE = 10_000


def fields(info):
    return dict(part.split("=", 1) for part in info.split()) if isinstance(info, str) else info


def connection(check, client, protocol):
    me = fields(client.client_info())
    check.equal("the protocol", int(me["resp"]), protocol)
    check.that("the library's name is kept", me["lib-name"].startswith("redis-py"), me["lib-name"])
    check.equal("the client's name", me["name"], "app")
    check.equal("PING", client.ping(), True)
    check.equal("the database", int(me["db"]), 1)


def values(check, client):
    blob = bytes(range(256)) * 20_000
    client.set("blob", blob)
    raw = redis.Redis(port=PORT, db=1)
    check.equal("5 MB of every byte", raw.get("blob"), blob)
    raw.close()
    check.equal("SET NX on a key", client.set("blob", "x", nx=True), None)
    client.set("soon", "gone", ex=100)
    check.that("TTL", 98 <= client.ttl("soon") <= 100)
    check.equal("a float", client.incrbyfloat("float", 0.1) + client.incrbyfloat("float", 0.2), 0.4)
    check.equal("MGET", client.mget("soon", "no such key"), ["gone", None])
    for name, call in {
        "a wrong number": lambda: client.incr("soon"),
        "an unknown command": lambda: client.execute_command("NOSUCHCOMMAND", "a"),
        "a wrong count": lambda: client.execute_command("GET"),
    }.items():
        try:
            call()
            check.that(name, False, "no error")
        except redis.ResponseError as error:
            check.that(name, bool(str(error)))


def pipeline(check, client):
    pipe = client.pipeline(transaction=False)
    for i in range(PIPELINE // 4):
        pipe.set(f"p:{i}", i).get(f"p:{i}").echo(f"e{i}").incr("count")
    wanted = []
    for i in range(PIPELINE // 4):
        wanted += [True, str(i), f"e{i}", i + 1]
    check.equal("10,000 replies in order", pipe.execute(), wanted)
    pipe = client.pipeline(transaction=False).set("a", "x").incr("a").get("a")
    got = pipe.execute(raise_on_error=False)
    check.that("an error in its place", isinstance(got[1], redis.ResponseError) and got[0::2] == [True, "x"], got)


def transactions(check, client):
    with client.pipeline(transaction=True) as pipe:
        check.equal("EXEC", pipe.set("t", 1).incr("t").get("t").execute(), [True, 2, "2"])
    with client.pipeline() as pipe:
        pipe.watch("t")
        client.set("t", "other")
        pipe.multi()
        pipe.set("t", "mine")
        try:
            pipe.execute()
            check.that("WATCH", False, "the transaction ran")
        except redis.WatchError:
            check.equal("WATCH", client.get("t"), "other")
    seen = client.transaction(lambda pipe: (pipe.multi(), pipe.append("t", "!")), "t")
    check.equal("an optimistic update", (seen, client.get("t")), ([6], "other!"))


def pubsub(check, client):
    listener = client.pubsub()
    listener.subscribe("news")
    listener.psubscribe("n?ws.*")
    got = []
    ready = threading.Event()

    def listen():
        left = 2
        for message in listener.listen():
            if message["type"].endswith("subscribe"):
                left -= 1
                if left == 0:
                    ready.set()
            else:
                got.append((message["type"], message["channel"], message["data"]))
                if message["data"] == "end":
                    return

    thread = threading.Thread(target=listen)
    thread.start()
    check.that("subscribed", ready.wait(10))
    for i in range(500):
        client.publish("news", i)
        client.publish("news.sport", i)
    check.equal("receivers", client.publish("news", "end"), 1)
    thread.join(20)
    check.equal("messages of a channel", [d for t, c, d in got if c == "news"], [str(i) for i in range(500)] + ["end"])
    check.equal("messages of a pattern", [d for t, c, d in got if t == "pmessage"], [str(i) for i in range(500)])
    listener.unsubscribe()
    listener.punsubscribe()
    listener.close()


def scanning(check, client):
    client.mset({f"scan:{i}": i for i in range(3000)})
    seen = list(client.scan_iter("scan:*", count=100))
    check.equal("SCAN: every key once", sorted(seen), sorted(f"scan:{i}" for i in range(3000)))
    check.equal("SCAN TYPE", next(client.scan_iter("scan:1", _type="string")), "scan:1")


def threads(check, client):
    """One pool, many threads: no reply on another's connection."""
    wrong = []

    def work(me):
        for i in range(200):
            if client.echo(f"{me}:{i}") != f"{me}:{i}":
                wrong.append((me, i))

    crowd = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    check.equal("20 threads", wrong, [])


async def asynchronous(check):
    client = redis.asyncio.Redis(port=PORT, decode_responses=True)
    check.equal("asyncio: PING", await client.ping(), True)
    got = await asyncio.gather(*(client.echo(str(i)) for i in range(50)))
    check.equal("asyncio: 50 at once", got, [str(i) for i in range(50)])
    pipe = client.pipeline(transaction=True)
    for i in range(PIPELINE):
        pipe.echo(str(i))
    check.equal("asyncio: 10,000 in one transaction", await pipe.execute(), [str(i) for i in range(PIPELINE)])
    async with client.pubsub() as listener:
        await listener.subscribe("async")
        await listener.get_message(timeout=5)
        await client.publish("async", "hello")
        message = await listener.get_message(ignore_subscribe_messages=True, timeout=5)
        check.equal("asyncio: a message", message and message["data"], "hello")
    await client.aclose()


def main():
    check = Checks("redis-py")
    for protocol, options in ((3, {}), (2, {"protocol": 2})):
        client = redis.Redis(port=PORT, db=1, client_name="app", decode_responses=True, **options)
        client.flushall()
        for part in (values, pipeline, transactions, pubsub, scanning, threads):
            part(check, client)
        connection(check, client, protocol)
        client.close()
    url = redis.from_url(f"redis://localhost:{PORT}/2?decode_responses=true")
    check.equal("a URL", (url.set("a", 1), url.get("a")), (True, "1"))
    asyncio.run(asynchronous(check))
    check.done()


main()
