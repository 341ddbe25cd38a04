"""Counts checks and ends with the line that tests/clients/run adds up."""

import sys


class Checks:
    def __init__(self, client):
        self.client, self.passed, self.failed = client, 0, 0

    def that(self, name, holds, detail=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {self.client}: {name} {detail}")

    def equal(self, name, got, wanted):
        self.that(name, got == wanted, f"got {str(got)[:200]!r}, wanted {str(wanted)[:200]!r}")

    def done(self):
        print(f"{self.client}: checked")
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)
