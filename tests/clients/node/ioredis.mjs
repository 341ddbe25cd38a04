// ioredis, as it connects by default: ready check by INFO, pipelines, auto-pipelining, pub/sub, transactions, scan streams.

import Redis from "ioredis";
import { Checks, range, until } from "./checks.mjs";

const port = Number(process.argv[2]);
const check = new Checks("ioredis");
const client = new Redis({ port, connectionName: "app", db: 1 });
client.on("error", (error) => check.that("no connection error", false, String(error)));

await client.flushall();
check.equal("PING", await client.ping(), "PONG");
const me = await client.client("INFO");
check.that("name and database", /name=app /.test(me) && /db=1 /.test(me), me);
check.that("the library tells its name", /lib-name=ioredis/.test(me), me);

// 10,000 commands in one pipeline, errors in their places.
const pipeline = client.pipeline();
for (const i of range(2500)) pipeline.set(`p:${i}`, i).get(`p:${i}`).echo(`e${i}`).incr("count");
const replies = await pipeline.exec();
check.equal(
  "10,000 replies in order",
  replies.map(([error, value]) => error ?? value),
  range(2500).flatMap((i) => ["OK", String(i), `e${i}`, i + 1]),
);
const mixed = await client.pipeline().set("text", "x").incr("text").get("text").exec();
check.that("an error in its place", mixed[0][1] === "OK" && /integer/.test(mixed[1][0]) && mixed[2][1] === "x", mixed);

// The same without a pipeline: 10,000 promises on one connection, then gathered automatically.
const echoed = await Promise.all(range(10_000).map((i) => client.echo(String(i))));
check.equal("10,000 promises", echoed, range(10_000).map(String));
const auto = new Redis({ port, enableAutoPipelining: true });
const gathered = await Promise.all(range(10_000).map((i) => auto.echo(String(i))));
check.equal("auto-pipelining", gathered, range(10_000).map(String));
auto.disconnect();

const blob = Buffer.from(range(1 << 20).map((i) => i % 256));
await client.set("blob", blob);
check.that("a megabyte of every byte", blob.equals(await client.getBuffer("blob")));
check.equal("SET EX and TTL", [await client.set("soon", 1, "EX", 100), (await client.ttl("soon")) > 97], ["OK", true]);
await check.fails("a wrong count", client.call("GET"), /wrong number of arguments/);
await check.fails("an unknown command", client.call("NOSUCHCOMMAND"), /unknown command/);

// Transactions.
const done = await client.multi().set("t", 1).incr("t").get("t").exec();
check.equal("EXEC", done.map((pair) => pair[1]), ["OK", 2, "2"]);
await client.watch("t");
const other = client.duplicate();
await other.set("t", "other");
check.equal("WATCH", [await client.multi().set("t", "mine").exec(), await client.get("t")], [null, "other"]);
await check.fails("EXEC of a broken queue", client.multi().set("t").exec(), /EXECABORT|wrong number/);

// Pub/sub, and the subscriptions that come back after the connection was cut.
const listener = client.duplicate();
const got = { message: [], pmessage: [] };
listener.on("message", (channel, text) => got.message.push(text));
listener.on("pmessage", (pattern, channel, text) => got.pmessage.push(text));
check.equal("SUBSCRIBE", await listener.subscribe("news", "weather"), 2);
check.equal("PSUBSCRIBE", await listener.psubscribe("n?ws.*"), 3);
for (const i of range(500)) {
  other.publish("news", i);
  other.publish("news.sport", i);
}
await until(() => got.message.length === 500 && got.pmessage.length === 500);
check.equal("messages of a channel", got.message, range(500).map(String));
check.equal("messages of a pattern", got.pmessage, range(500).map(String));
const ready = new Promise((resolve) => listener.once("ready", resolve));
check.that("CLIENT KILL", (await other.client("KILL", "TYPE", "pubsub")) === 1);
await ready;
let receivers = 0;
for (const end = Date.now() + 10_000; receivers === 0 && Date.now() < end; ) receivers = await other.publish("news", "again");
await until(() => got.message.at(-1) === "again");
check.equal("subscribed again after a cut", got.message.at(-1), "again");

// SCAN.
await client.mset(Object.fromEntries(range(3000).map((i) => [`scan:${i}`, i])));
const seen = [];
for await (const keys of client.scanStream({ match: "scan:*", count: 100 })) seen.push(...keys);
check.equal("SCAN: every key once", seen.sort(), range(3000).map((i) => `scan:${i}`).sort());

for (const one of [listener, other]) one.disconnect();
check.equal("QUIT", await client.quit(), "OK");
check.done();
