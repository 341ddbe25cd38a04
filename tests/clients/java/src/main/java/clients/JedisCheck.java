package clients;

import static clients.Checks.range;
import static clients.Checks.until;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.resps.ScanResult;

/** Jedis, as it connects by default and in both protocols by name: pipelines, a pool among threads, pub/sub. */
public final class JedisCheck {
    private final Checks check = new Checks("Jedis");

    public static void main(String[] args) throws Exception {
        new JedisCheck().run(new HostAndPort("127.0.0.1", Integer.parseInt(args[0])));
    }

    private void run(HostAndPort address) throws Exception {
        for (RedisProtocol protocol : new RedisProtocol[] {null, RedisProtocol.RESP3, RedisProtocol.RESP2}) {
            DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder().clientName("app").database(1);
            if (protocol != null) {
                config.protocol(protocol);
            }
            try (RedisClient client = RedisClient.builder().hostAndPort(address).clientConfig(config.build()).build()) {
                client.flushAll();
                values(client, protocol);
                pipeline(client);
                crowd(client);
                transactions(client);
                pubsub(client);
                scanning(client);
            }
        }
        check.done();
    }

    private void values(RedisClient client, RedisProtocol protocol) {
        check.equal("PING", client.ping(), "PONG");
        String me = text(client.sendCommand(() -> "CLIENT".getBytes(), "INFO"));
        check.that("name and database", me.contains("name=app ") && me.contains(" db=1 "), me);
        check.that("the library tells its name", me.contains("lib-name=jedis"), me);
        if (protocol != null) {
            check.that("the protocol", me.contains("resp=" + (protocol == RedisProtocol.RESP3 ? 3 : 2)), me);
        }
        String big = "\0\r\n$5\r\né".repeat(100_000);
        check.equal("SET", client.set("big", big), "OK");
        check.that("a large value", big.equals(client.get("big")), "differs");
        check.equal("a missing key", client.get("none"), null);
        check.equal("SET NX", client.set("big", "x", SetParams.setParams().nx()), null);
        client.setex("soon", 100, "x");
        check.that("TTL", client.ttl("soon") > 97, client.ttl("soon"));
        check.fails("a wrong number", () -> client.incr("soon"), "not an integer");
    }

    private static String text(Object reply) {
        return reply instanceof byte[] bytes ? new String(bytes) : String.valueOf(reply);
    }

    private void pipeline(RedisClient client) {
        List<Object> wanted = new ArrayList<>();
        List<Response<?>> got = new ArrayList<>();
        try (AbstractPipeline pipe = client.pipelined()) {
            for (int i = 0; i < 2500; i++) {
                got.add(pipe.set("p:" + i, "" + i));
                got.add(pipe.get("p:" + i));
                got.add(pipe.append("grows:" + i, "xy"));
                got.add(pipe.incr("count"));
                wanted.addAll(List.of("OK", "" + i, 2L, i + 1L));
            }
            pipe.sync();
        }
        check.equal("10,000 replies in order", got.stream().map(Response::get).toList(), wanted);
    }

    private void crowd(RedisClient client) throws Exception {
        List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int n = 0; n < 50; n++) {
            String me = "t" + n;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 100; i++) {
                    client.set(me, me + i);
                    String read = client.get(me);
                    if (!(me + i).equals(read)) {
                        wrong.add(me + i + " read " + read);
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        check.equal("50 threads on one pool", wrong, List.of());
    }

    private void transactions(RedisClient client) {
        try (AbstractTransaction transaction = client.multi()) {
            transaction.set("t", "1");
            Response<Long> two = transaction.incr("t");
            check.equal("EXEC", transaction.exec(), List.of("OK", 2L));
            check.equal("a reply of it", two.get(), 2L);
        }
        try (AbstractTransaction transaction = client.transaction(false)) {
            transaction.watch("t");
            client.set("t", "other");
            transaction.multi();
            transaction.set("t", "mine");
            check.equal("WATCH", transaction.exec(), null);
        }
        check.equal("what the other wrote", client.get("t"), "other");
    }

    private void pubsub(RedisClient client) throws Exception {
        List<String> plain = Collections.synchronizedList(new ArrayList<>());
        List<String> pattern = Collections.synchronizedList(new ArrayList<>());
        JedisPubSub listener = new JedisPubSub() {
            @Override
            public void onMessage(String channel, String message) {
                plain.add(message);
            }

            @Override
            public void onPMessage(String matched, String channel, String message) {
                pattern.add(message);
            }
        };
        Thread thread = new Thread(() -> client.subscribe(listener, "news"));
        thread.start();
        check.that("SUBSCRIBE", until(() -> listener.getSubscribedChannels() == 1), listener.getSubscribedChannels());
        listener.psubscribe("n?ws.*");
        check.that("PSUBSCRIBE", until(() -> listener.getSubscribedChannels() == 2), listener.getSubscribedChannels());
        for (int i = 0; i < 500; i++) {
            client.publish("news", "" + i);
            client.publish("news.sport", "" + i);
        }
        until(() -> plain.size() == 500 && pattern.size() == 500);
        check.equal("messages of a channel", plain, range(500, i -> "" + i));
        check.equal("messages of a pattern", pattern, range(500, i -> "" + i));
        listener.unsubscribe();
        listener.punsubscribe();
        thread.join(10_000);
        check.that("the listener came back", !thread.isAlive(), "it still listens");
    }

    private void scanning(RedisClient client) {
        for (int i = 0; i < 3000; i++) {
            client.set("scan:" + i, "" + i);
        }
        List<String> wanted = new ArrayList<>(range(3000, i -> "scan:" + i));
        List<String> seen = new ArrayList<>();
        ScanParams how = new ScanParams().match("scan:*").count(100);
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            ScanResult<String> part = client.scan(cursor, how);
            seen.addAll(part.getResult());
            cursor = part.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
        Collections.sort(wanted);
        Collections.sort(seen);
        check.equal("SCAN: every key once", seen, wanted);
    }
}
