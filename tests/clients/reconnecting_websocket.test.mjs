// The npm package `reconnecting-websocket`: an application that resumes after the last id it saw.
// With Redis, relayd itself is killed and started again while another instance publishes; with memory the link is cut.
import assert from 'node:assert/strict';
import ReconnectingWebSocket from 'reconnecting-websocket';
import WebSocket from 'ws';
import {Cutter, Relayd, atEnd, storage} from './support/servers.mjs';
import {Inbox, run, test} from './support/suite.mjs';

const kChannel = 'rws:orders';

// Subscribes at every (re)connection after the last id seen; messages land in the inbox.
class App extends Inbox {
  opened = 0;
  subscribed = new Inbox();

  constructor(port) {
    super();
    this.socket = new ReconnectingWebSocket(`ws://127.0.0.1:${port}/v1/ws`, [], {
      WebSocket, minReconnectionDelay: 20, maxReconnectionDelay: 200, connectionTimeout: 4000,
    });
    atEnd(() => this.socket.close());
    this.socket.addEventListener('open', () => {
      this.opened += 1;
      this.socket.send(JSON.stringify({type: 'subscribe', channel: kChannel, ...(this.cursor && {after: this.cursor})}));
    });
    this.socket.addEventListener('message', ({data}) => this.frame(JSON.parse(data)));
  }

  frame(frame) {
    if (frame.type === 'subscribed') {
      this.cursor ??= String(frame.cursor);
      this.subscribed.push(frame);
    } else if (frame.type === 'message') {
      this.cursor = String(frame.id);
      this.push(frame.data);
    } else if (frame.type === 'gap' || frame.type === 'error') {
      this.push(frame);
    }
  }
}

const numbers = (from, to) => Array.from({length: to - from}, (_, i) => String(from + i));

async function publishAll(relayd, texts) {
  for (const text of texts) await relayd.publish(kChannel, text);
}

async function acrossRestarts() {
  const first = await Relayd.start();
  const second = await Relayd.start();
  const app = new App(first.port);
  await app.subscribed.next();
  let sent = 0;
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL']) {
    await publishAll(second, numbers(sent, sent + 50));
    await first.stop(signal);
    await publishAll(second, numbers(sent + 50, sent + 100));
    await first.launch();
    await publishAll(second, numbers(sent + 100, sent + 150));
    sent += 150;
    await app.count(sent, `${sent} messages`, 30);
  }
  assert.deepEqual(app.items, numbers(0, sent));
  assert.ok(app.opened >= 4, `opened ${app.opened} times`);
}

async function acrossCuts() {
  const relayd = await Relayd.start();
  const cutter = await Cutter.start(relayd.port);
  const app = new App(cutter.port);
  await app.subscribed.next();
  let sent = 0;
  for (let round = 0; round < 3; ++round) {
    await publishAll(relayd, numbers(sent, sent + 50));
    assert.equal(cutter.cut(), 1);
    await publishAll(relayd, numbers(sent + 50, sent + 150));
    sent += 150;
    await app.count(sent, `${sent} messages`, 30);
  }
  assert.deepEqual(app.items, numbers(0, sent));
  assert.ok(app.opened >= 4, `opened ${app.opened} times`);
}

if (storage === 'redis') test('relayd killed and started again: every message once, in order', acrossRestarts, {seconds: 120});
else test('the link cut: every message once, in order', acrossCuts, {seconds: 120});

await run();
