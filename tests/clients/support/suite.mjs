// A test file here is a list of cases: `test(name, body)`, then `await run()`.
//
// Cases run one after the other, each with a time limit; run() ends every process that was started through
// servers.mjs, prints one line per case and exits 0 only if every case passed. Requests that would leave the
// loopback interface are refused, and one attempted is a failure: SDKs like to call home.
import assert from 'node:assert/strict';
import {closeAll, dumpLogs} from './servers.mjs';

const cases = [];
const strays = [];

const realFetch = globalThis.fetch;
globalThis.fetch = (resource, options) => {
  const address = new URL(typeof resource === 'object' && 'url' in resource ? resource.url : resource);
  if (!['127.0.0.1', 'localhost'].includes(address.hostname)) {
    strays.push(address.origin);
    return Promise.reject(new TypeError(`${address.origin} is not on this machine`));
  }
  return realFetch(resource, options);
};

export function test(name, body, {seconds = 60} = {}) {
  cases.push({name, body, seconds});
}

// Rejects when `promise` has not settled in time; `what` names what was awaited.
export function within(seconds, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A list that can be awaited: push() from a callback, next() and count() from the test.
export class Inbox {
  items = [];
  waiting = [];
  taken = 0;

  push(item) {
    this.items.push(item);
    this.waiting.splice(0).forEach((wake) => wake());
  }

  async until(condition, what, seconds = 20) {
    const reached = async () => {
      while (!condition()) await new Promise((wake) => this.waiting.push(wake));
    };
    await within(seconds, reached(), `${what} (so far ${JSON.stringify(this.items).slice(-2000)})`);
  }

  // Waits until `n` items are there in all.
  async count(n, what = `${n} items`, seconds = 20) {
    await this.until(() => this.items.length >= n, what, seconds);
    return this.items;
  }

  // The next item that was not taken yet.
  async next(what = 'one more item', seconds = 20) {
    await this.count(this.taken + 1, what, seconds);
    return this.items[this.taken++];
  }
}

// Of `all` texts the oldest are gone: `kept` ({id, data} in order) is the rest, at least `least` of them, and `gap`
// tells what is missing after `after`. (Redis trims in batches, so a few more than max_count may still be there.)
export function assertGap(gap, kept, {all, least, after}) {
  assert.ok(kept.length >= least && kept.length < all.length, `${kept.length} kept`);
  assert.deepEqual(kept.map(({data}) => data), all.slice(-kept.length));
  assert.equal(String(gap.after), String(after));
  assert.equal(String(gap.first), String(kept[0].id));
}

export async function run() {
  let failed = 0;
  for (const {name, body, seconds} of cases) {
    const start = performance.now();
    try {
      await within(seconds, body(), name);
      console.log(`ok - ${name} (${Math.round(performance.now() - start)} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`not ok - ${name}\n${error.stack ?? error}`);
      break;  // later cases build on the state of earlier ones
    }
  }
  if (strays.length > 0) {
    failed += 1;
    console.log(`not ok - asked outside this machine: ${[...new Set(strays)].join(' ')}`);
  }
  if (failed > 0) dumpLogs();
  for (const complaint of await closeAll()) {
    failed += 1;
    console.log(`not ok - ${complaint}`);
  }
  process.exit(failed === 0 ? 0 : 1);
}

// What nobody awaits fails the run too, whatever was going on.
process.on('unhandledRejection', async (error) => {
  console.log(`not ok - unhandled rejection\n${error?.stack ?? error}`);
  dumpLogs();
  for (const complaint of await closeAll()) console.log(complaint);
  process.exit(1);
});
