// node-redis, as it connects by default and in RESP2: promises in order, pub/sub, transactions, scan iterators.

import { createClient } from "redis";
import { Checks, range, until } from "./checks.mjs";

const port = Number(process.argv[2]);
const check = new Checks("node-redis");

async function connected(options = {}) {
  const client = createClient({ socket: { port }, name: "app", database: 1, ...options });
  client.on("error", (error) => check.that("no connection error", false, String(error)));
  return client.connect();
}

async function values(client, protocol) {
  check.equal("PING", await client.ping(), "PONG");
  const me = await client.sendCommand(["CLIENT", "INFO"]);
  check.that("name, database, protocol", /name=app /.test(me) && /db=1 /.test(me) && me.includes(`resp=${protocol}`), me);
  check.that("the library tells its name", /lib-name=node-redis/.test(me), me);
  check.equal("SET and GET", [await client.set("a", "1"), await client.get("a"), await client.get("none")], ["OK", "1", null]);
  check.equal("options", await client.set("a", "2", { condition: "NX", GET: true }), "1");
  check.equal("EX", [await client.setEx("soon", 100, "x"), (await client.ttl("soon")) > 97], ["OK", true]);
  check.equal("MGET", await client.mGet(["a", "none"]), ["1", null]);
  await check.fails("a wrong number", client.incr("soon"), /not an integer/);
  await check.fails("an unknown command", client.sendCommand(["NOSUCHCOMMAND"]), /unknown command/);
}

async function pipeline(client) {
  const replies = await Promise.all(
    range(2500).flatMap((i) => [client.set(`p:${i}`, i.toString()), client.get(`p:${i}`), client.echo(`e${i}`), client.incr("count")]),
  );
  check.equal("10,000 replies in order", replies, range(2500).flatMap((i) => ["OK", String(i), `e${i}`, i + 1]));
  const batch = client.multi();
  for (const i of range(10_000)) batch.echo(String(i));
  check.equal("execAsPipeline", await batch.execAsPipeline(), range(10_000).map(String));
}

async function transactions(client) {
  check.equal("EXEC", await client.multi().set("t", "1").incr("t").get("t").exec(), ["OK", 2, "2"]);
  await client.watch("t");
  const other = await connected();
  await other.set("t", "other");
  await check.fails("WATCH", client.multi().set("t", "mine").exec(), /Watch/i);
  check.equal("what the other wrote", await client.get("t"), "other");
  await other.close();
}

async function pubsub(client) {
  const listener = await connected();
  const got = { news: [], pattern: [], shard: [] };
  await listener.subscribe("news", (text) => got.news.push(text));
  await listener.pSubscribe("n?ws.*", (text) => got.pattern.push(text));
  await listener.sSubscribe("shard", (text) => got.shard.push(text));
  await Promise.all(
    range(500).flatMap((i) => [
      client.publish("news", String(i)),
      client.publish("news.sport", String(i)),
      client.sPublish("shard", String(i)),
    ]),
  );
  await until(() => got.news.length === 500 && got.pattern.length === 500 && got.shard.length === 500);
  for (const [name, list] of Object.entries(got)) check.equal(`messages: ${name}`, list, range(500).map(String));
  await listener.unsubscribe("news");
  check.equal("no receiver is left", await client.publish("news", "x"), 0);
  await listener.close();
}

async function scanning(client) {
  await client.mSet(range(3000).map((i) => [`scan:${i}`, String(i)]));
  const seen = [];
  for await (const keys of client.scanIterator({ MATCH: "scan:*", COUNT: 100 })) seen.push(...keys);
  check.equal("SCAN: every key once", seen.sort(), range(3000).map((i) => `scan:${i}`).sort());
}

for (const [protocol, options] of [[3, {}], [2, { RESP: 2 }]]) {
  const client = await connected(options);
  await client.flushAll();
  await values(client, protocol);
  await pipeline(client);
  await transactions(client);
  await pubsub(client);
  await scanning(client);
  await client.close();
}
check.done();
