"""The same web application on two servers, asked the same questions: every response must be the same. Then many readers
at once on ours: every one must get the right product."""

import random
import sys
import threading

from checks import Checks
from web import create

OURS, REFERENCE = int(sys.argv[1]), int(sys.argv[2])
QUESTIONS = 5000


def question(rng):
    number = rng.randrange(260)  # some of them do not exist
    kind = rng.random()
    if kind < 0.6:
        return ("GET", f"/products/{number}", None)
    if kind < 0.7:
        return ("PUT", f"/products/{number}", {"name": f"Ruby ♦ {rng.random()}", "price": rng.randrange(1000)})
    if kind < 0.75:
        return ("DELETE", f"/products/{number}", None)
    if kind < 0.85:
        return ("GET", "/several?ids=" + ",".join(str(rng.randrange(260)) for _ in range(rng.randrange(12))), None)
    if kind < 0.93:
        return ("POST", f"/visit/page{rng.randrange(5)}", None)
    if kind < 0.98:
        return ("GET", f"/life/{number}", None)
    return ("GET", "/cached", None)


def response(client, asked):
    method, path, body = asked
    got = client.open(path, method=method, json=body)
    return got.status_code, got.headers.get("X-Cache"), got.get_data(as_text=True)


def main():
    check = Checks("cache-aside web application")
    ours, reference = create(OURS), create(REFERENCE)
    rng = random.Random(2024)
    left, right = ours.test_client(), reference.test_client()
    seen = set()
    for _ in range(QUESTIONS):
        asked = question(rng)
        a, b = response(left, asked), response(right, asked)
        seen.add((asked[0], a[0], a[1]))
        check.equal(f"{asked}", a, b)
    check.equal("what reached the database", ours.queries, reference.queries)
    for wanted in (("GET", 200, "hit"), ("GET", 200, "miss"), ("GET", 404, "empty"), ("GET", 404, "miss")):
        check.that(f"{wanted} came up", wanted in seen)
    check.that("no response was a failure", not any(status == 500 for _, status, _ in seen))

    before = ours.queries
    client = ours.test_client()
    for _ in range(100):
        response(client, ("GET", "/products/9999", None))
    check.equal("100 questions for nothing reach the database once", ours.queries - before, 1)

    wrong = []

    def reader(seed):
        own, numbers = ours.test_client(), random.Random(seed)
        for _ in range(150):
            number = numbers.randrange(200)
            status, _, body = response(own, ("GET", f"/products/{number}", None))
            if status == 200 and f'"id":{number}' not in body.replace(" ", ""):
                wrong.append((number, body))
            elif status not in (200, 404):
                wrong.append((number, status))

    crowd = [threading.Thread(target=reader, args=(seed,)) for seed in range(12)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    check.equal("12 readers at once", wrong, [])
    check.done()


main()
