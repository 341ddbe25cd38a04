// Counts checks and ends with the line that tests/clients/run adds up.

export class Checks {
  constructor(client) {
    this.client = client;
    this.passed = 0;
    this.failed = 0;
  }

  that(name, holds, detail = "") {
    if (holds) {
      this.passed += 1;
    } else {
      this.failed += 1;
      console.log(`FAILED: ${this.client}: ${name} ${detail}`);
    }
  }

  equal(name, got, wanted) {
    const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
    this.that(name, a === b, `got ${String(a).slice(0, 200)}, wanted ${String(b).slice(0, 200)}`);
  }

  async fails(name, promise, pattern) {
    try {
      const got = await promise;
      this.that(name, false, `no error but ${JSON.stringify(got)}`);
    } catch (error) {
      this.that(name, pattern.test(String(error)), String(error));
    }
  }

  done() {
    console.log(`${this.client}: checked`);
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exit(this.failed ? 1 : 0);
  }
}

// Waits until `holds()` is true, ten seconds at most.
export async function until(holds) {
  const end = Date.now() + 10_000;
  while (!holds() && Date.now() < end) await new Promise((done) => setTimeout(done, 5));
  return holds();
}

export const range = (count) => Array.from({ length: count }, (_, i) => i);
