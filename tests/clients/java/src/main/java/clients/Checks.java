package clients;

import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Counts checks and ends with the line that tests/clients/run adds up. */
final class Checks {
    private final String client;
    private int passed;
    private int failed;

    Checks(String client) {
        this.client = client;
    }

    synchronized void that(String name, boolean holds, Object detail) {
        if (holds) {
            passed++;
        } else {
            failed++;
            System.out.printf("FAILED: %s: %s %s%n", client, name, detail);
        }
    }

    void equal(String name, Object got, Object wanted) {
        that(name, Objects.equals(got, wanted), "got " + brief(got) + ", wanted " + brief(wanted));
    }

    void fails(String name, Runnable call, String part) {
        try {
            call.run();
            that(name, false, "no error");
        } catch (RuntimeException error) {
            that(name, String.valueOf(error.getMessage()).contains(part), error);
        }
    }

    void done() {
        System.out.println(client + ": checked");
        System.out.printf("%d passed, %d failed%n", passed, failed);
        System.exit(failed == 0 ? 0 : 1);
    }

    /** Waits until the condition holds, twenty seconds at most. */
    static boolean until(BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!holds.getAsBoolean() && System.nanoTime() < end) {
            Thread.sleep(5);
        }
        return holds.getAsBoolean();
    }

    static List<String> range(int count, IntFunction<String> name) {
        return IntStream.range(0, count).mapToObj(name).collect(Collectors.toList());
    }

    private static String brief(Object value) {
        String text = String.valueOf(value);
        return text.substring(0, Math.min(text.length(), 200));
    }
}
