package clients;

import static clients.Checks.range;
import static clients.Checks.until;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.SetArgs;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Lettuce, as it connects by default and in RESP2: many threads on one connection, futures in order, pub/sub. */
public final class LettuceCheck {
    private static final int THREADS = 200;
    private static final int ROUNDS = 250;
    private final Checks check = new Checks("Lettuce");

    public static void main(String[] args) throws Exception {
        new LettuceCheck().run(Integer.parseInt(args[0]));
    }

    private void run(int port) throws Exception {
        RedisURI uri = RedisURI.builder().withHost("127.0.0.1").withPort(port).withDatabase(1).withClientName("app").build();
        for (int protocol : new int[] {3, 2}) {
            RedisClient client = RedisClient.create(uri);
            if (protocol == 2) {
                client.setOptions(ClientOptions.builder().protocolVersion(ProtocolVersion.RESP2).build());
            }
            try (StatefulRedisConnection<String, String> connection = client.connect()) {
                RedisCommands<String, String> commands = connection.sync();
                commands.flushall();
                values(commands, protocol);
                pipeline(connection.async());
                manualFlush(connection);
                shared(connection);
                transactions(client, commands);
                pubsub(client, commands);
                scanning(commands);
            }
            client.shutdown();
        }
        check.done();
    }

    private void values(RedisCommands<String, String> commands, int protocol) {
        check.equal("PING", commands.ping(), "PONG");
        String me = commands.clientInfo();
        check.that("name, database, protocol",
                me.contains("name=app ") && me.contains(" db=1 ") && me.contains("resp=" + protocol), me);
        check.that("the library tells its name", me.contains("lib-name=Lettuce"), me);
        String big = "\0\r\n$5\r\né".repeat(100_000);
        check.equal("SET", commands.set("big", big), "OK");
        check.that("a large value", big.equals(commands.get("big")), "differs");
        check.equal("a missing key", commands.get("none"), null);
        check.equal("SET NX", commands.set("big", "x", SetArgs.Builder.nx()), null);
        commands.setex("soon", 100, "x");
        check.that("TTL", commands.ttl("soon") > 97, commands.ttl("soon"));
        check.fails("a wrong number", () -> commands.incr("soon"), "not an integer");
    }

    /** 10,000 futures, all sent before the first is awaited. */
    private void pipeline(RedisAsyncCommands<String, String> commands) throws Exception {
        List<RedisFuture<?>> futures = new ArrayList<>();
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < 2500; i++) {
            futures.add(commands.set("p:" + i, "" + i));
            futures.add(commands.get("p:" + i));
            futures.add(commands.echo("e" + i));
            futures.add(commands.incr("count"));
            wanted.addAll(List.of("OK", "" + i, "e" + i, "" + (i + 1)));
        }
        check.equal("10,000 replies in order", collect(futures), wanted);
    }

    private void manualFlush(StatefulRedisConnection<String, String> connection) throws Exception {
        connection.setAutoFlushCommands(false);
        List<RedisFuture<?>> futures = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            futures.add(connection.async().echo("f" + i));
        }
        connection.flushCommands();
        connection.setAutoFlushCommands(true);
        check.equal("10,000 in one flush", collect(futures), range(10_000, i -> "f" + i));
    }

    private static List<String> collect(List<RedisFuture<?>> futures) throws Exception {
        List<String> got = new ArrayList<>();
        for (RedisFuture<?> future : futures) {
            got.add(String.valueOf(future.get(60, TimeUnit.SECONDS)));
        }
        return got;
    }

    /** One connection among many threads: everybody hears what they said, and reads what they wrote. */
    private void shared(StatefulRedisConnection<String, String> connection) throws Exception {
        RedisCommands<String, String> commands = connection.sync();
        List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        List<Thread> crowd = new ArrayList<>();
        for (int n = 0; n < THREADS; n++) {
            String me = "t" + n;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < ROUNDS; i++) {
                    String said = me + ":" + i;
                    try {
                        String heard = commands.echo(said);
                        commands.set(me, said);
                        String read = commands.get(me);
                        if (!said.equals(heard) || !said.equals(read)) {
                            wrong.add(said + " heard " + heard + ", read " + read);
                        }
                        commands.incr("everybody");
                    } catch (RuntimeException error) {
                        wrong.add(said + " " + error);
                    }
                }
            });
            thread.start();
            crowd.add(thread);
        }
        for (Thread thread : crowd) {
            thread.join();
        }
        check.equal(THREADS + " threads on one connection", wrong, List.of());
        check.equal("nobody's step is lost", commands.get("everybody"), "" + THREADS * ROUNDS);
        commands.del("everybody");
    }

    private void transactions(RedisClient client, RedisCommands<String, String> commands) {
        check.equal("MULTI", commands.multi(), "OK");
        commands.set("t", "1");
        commands.incr("t");
        commands.get("t");
        TransactionResult done = commands.exec();
        check.equal("EXEC", done.stream().map(String::valueOf).toList(), List.of("OK", "2", "2"));
        commands.watch("t");
        try (StatefulRedisConnection<String, String> other = client.connect()) {
            other.sync().set("t", "other");
        }
        commands.multi();
        commands.set("t", "mine");
        check.that("WATCH", commands.exec().wasDiscarded(), "the transaction ran");
        check.equal("what the other wrote", commands.get("t"), "other");
    }

    private void pubsub(RedisClient client, RedisCommands<String, String> commands) throws Exception {
        List<String> plain = Collections.synchronizedList(new ArrayList<>());
        List<String> pattern = Collections.synchronizedList(new ArrayList<>());
        AtomicReference<Long> subscribed = new AtomicReference<>(0L);
        try (StatefulRedisPubSubConnection<String, String> listener = client.connectPubSub()) {
            listener.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    plain.add(message);
                }

                @Override
                public void message(String matched, String channel, String message) {
                    pattern.add(message);
                }

                @Override
                public void psubscribed(String matched, long count) {
                    subscribed.set(count);
                }
            });
            listener.sync().subscribe("news");
            listener.sync().psubscribe("n?ws.*");
            check.that("two subscriptions", until(() -> subscribed.get() == 2), subscribed);
            for (int i = 0; i < 500; i++) {
                commands.publish("news", "" + i);
                commands.publish("news.sport", "" + i);
            }
            until(() -> plain.size() == 500 && pattern.size() == 500);
            check.equal("messages of a channel", plain, range(500, i -> "" + i));
            check.equal("messages of a pattern", pattern, range(500, i -> "" + i));
        }
    }

    private void scanning(RedisCommands<String, String> commands) {
        for (int i = 0; i < 3000; i++) {
            commands.set("scan:" + i, "" + i);
        }
        List<String> wanted = new ArrayList<>(range(3000, i -> "scan:" + i));
        List<String> seen = new ArrayList<>();
        ScanArgs how = ScanArgs.Builder.matches("scan:*").limit(100);
        ScanIterator.scan(commands, how).forEachRemaining(seen::add);
        Collections.sort(wanted);
        Collections.sort(seen);
        check.equal("SCAN: every key once", seen, wanted);
        KeyScanCursor<String> first = commands.scan(how);
        check.that("a cursor goes on", !first.isFinished() && !first.getCursor().equals("0"), first.getCursor());
    }
}
