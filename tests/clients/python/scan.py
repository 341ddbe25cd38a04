"""scan_iter over 100,000 keys while another client adds and deletes others, enough of them to make the table grow and
shrink below the cursor: each of the 100,000 comes exactly once."""

import collections
import sys
import threading
import uuid

import redis

from checks import Checks

PORT = int(sys.argv[1])
KEYS = 100_000
BATCH = 2_000


def churn(stop, rounds):
    """Adds up to 400,000 keys in batches and deletes them again, over and over; some of them look like ours."""
    client = redis.Redis(port=PORT)
    while not stop.is_set():
        batches = []
        for turn in range(200):
            if stop.is_set():
                break
            names = [f"{'uuid' if i % 4 == 0 else 'other'}:churn:{turn}:{i}" for i in range(BATCH)]
            client.mset(dict.fromkeys(names, "x"))
            batches.append(names)
        for names in batches:
            client.delete(*names)
        rounds.append(len(batches))
    client.close()


def main():
    check = Checks("scan_iter under change")
    client = redis.Redis(port=PORT, decode_responses=True)
    keys = [f"uuid:{uuid.uuid4()}" for _ in range(KEYS)]
    for i in range(0, KEYS, BATCH):
        client.mset(dict.fromkeys(keys[i : i + BATCH], "1"))
    mine = set(keys)
    stop, rounds = threading.Event(), []
    other = threading.Thread(target=churn, args=(stop, rounds))
    other.start()
    try:
        for count in (10, 100, 1000):
            seen = collections.Counter(key for key in client.scan_iter("uuid:*", count=count) if key in mine)
            check.equal(f"COUNT {count}: none is missing", len(mine - seen.keys()), 0)
            check.equal(f"COUNT {count}: none comes twice", sum(n - 1 for n in seen.values()), 0)
    finally:
        stop.set()
        other.join()
    check.that("the other client was at work", sum(rounds) > 20, rounds)
    check.done()


main()
