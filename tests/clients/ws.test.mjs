// The npm package `ws` on GET /v1/ws: every message of the JSON protocol, and raw.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import {Relayd, atEnd} from './support/servers.mjs';
import {Inbox, assertGap, run, test, within} from './support/suite.mjs';

const relayd = await Relayd.start({tables: {'namespace.small': {max_count: 10}}});

// An open connection whose frames land in an inbox; JSON ones come parsed.
class Client extends Inbox {
  static async open(query = '', {json = true} = {}) {
    const client = new Client();
    client.socket = new WebSocket(`${relayd.ws}/v1/ws${query}`);
    atEnd(() => client.socket.terminate());
    client.socket.on('message', (data, binary) => {
      assert.equal(binary, false);
      client.push(json ? JSON.parse(data.toString()) : data.toString());
    });
    client.closed = new Promise((done) => client.socket.on('close', (code) => done(code)));
    await within(10, new Promise((done, failed) => {
      client.socket.on('open', done);
      client.socket.on('error', failed);
    }), 'open');
    if (json) client.welcome = await client.expect('welcome');
    return client;
  }

  send(frame) { this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)); }

  async expect(type) {
    const frame = await this.next(type);
    assert.equal(frame.type, type, JSON.stringify(frame));
    return frame;
  }

  async ask(frame, type) {
    this.send(frame);
    return this.expect(type);
  }

  subscribe(channel, rest = {}) { return this.ask({type: 'subscribe', channel, ...rest}, 'subscribed'); }

  // What stands in the line before the answer to a ping has arrived: nothing may have.
  async assertSilent() {
    this.send({type: 'ping', ref: 'silence'});
    assert.equal((await this.expect('pong')).ref, 'silence');
  }

  async close() {
    this.socket.close(1000);
    return within(10, this.closed, 'close');
  }
}

test('welcome names the client and the instance; a close is answered', async () => {
  const one = await Client.open();
  const two = await Client.open();
  assert.ok(one.welcome.clientId);
  assert.ok(one.welcome.instance);
  assert.notEqual(one.welcome.clientId, two.welcome.clientId);
  assert.equal(one.welcome.instance, two.welcome.instance);
  assert.equal(await one.close(), 1000);
  assert.equal(await two.close(), 1000);
});

test('subscribe, publish, ack, message', async () => {
  const reader = await Client.open();
  const writer = await Client.open();
  const subscribed = await reader.subscribe('ws:a', {ref: 7});
  assert.equal(subscribed.channel, 'ws:a');
  assert.equal(subscribed.ref, 7);
  assert.notEqual(subscribed.cursor, undefined);
  const ack = await writer.ask({type: 'publish', channel: 'ws:a', data: {deep: ['é', null]}, event: 'e', ref: 'r1'}, 'ack');
  assert.equal(ack.ref, 'r1');
  const message = await reader.expect('message');
  assert.equal(message.channel, 'ws:a');
  assert.equal(String(message.id), String(ack.id));
  assert.equal(message.event, 'e');
  assert.deepEqual(message.data, {deep: ['é', null]});
  await writer.assertSilent();
  await reader.close();
  await writer.close();
});

test('channels of the handshake are subscribed, and messages from HTTP arrive', async () => {
  const client = await Client.open('?channel=ws:q1&channel=ws:q2');
  const names = [(await client.expect('subscribed')).channel, (await client.expect('subscribed')).channel];
  assert.deepEqual(names.sort(), ['ws:q1', 'ws:q2']);
  await relayd.publish('ws:q1', 'text');
  await relayd.publish('ws:q2', '{"n":1}', {headers: {'Content-Type': 'application/json'}});
  assert.equal((await client.expect('message')).data, 'text');
  assert.deepEqual((await client.expect('message')).data, {n: 1});
  await client.close();
});

test('exclude leaves a client out of a publish', async () => {
  const one = await Client.open();
  const two = await Client.open();
  await one.subscribe('ws:x');
  await two.subscribe('ws:x');
  await one.ask({type: 'publish', channel: 'ws:x', data: 'not me', exclude: [one.welcome.clientId], ref: 1}, 'ack');
  assert.equal((await two.expect('message')).data, 'not me');
  await one.assertSilent();
  await one.close();
  await two.close();
});

test('broadcast reaches every client but the excluded, direct one alone', async () => {
  const clients = [];
  for (let i = 0; i < 4; ++i) clients.push(await Client.open());
  const [sender, , left, other] = clients;
  sender.send({type: 'broadcast', data: 'to all', exclude: [left.welcome.clientId]});
  for (const client of clients) {
    if (client === left) continue;
    await client.until(() => client.items.some(({type, data}) => type === 'message' && data === 'to all'), 'the broadcast');
  }
  await left.assertSilent();
  sender.send({type: 'direct', to: left.welcome.clientId, data: 'to you'});
  const direct = await left.expect('message');
  assert.equal(direct.data, 'to you');
  assert.equal(direct.from, sender.welcome.clientId);
  other.taken = other.items.length;
  await other.assertSilent();
  for (const client of clients) await client.close();
});

test('subscribe after a cursor recovers what was missed, then goes live', async () => {
  const writer = await Client.open();
  const ids = [];
  for (let i = 0; i < 5; ++i) ids.push((await writer.ask({type: 'publish', channel: 'ws:r', data: i, ref: i}, 'ack')).id);
  const reader = await Client.open();
  const subscribed = await reader.subscribe('ws:r', {after: String(ids[1])});
  assert.equal(subscribed.recovered, true);
  await writer.ask({type: 'publish', channel: 'ws:r', data: 5, ref: 5}, 'ack');
  for (const expected of [2, 3, 4, 5]) assert.equal((await reader.expect('message')).data, expected);
  await reader.assertSilent();
  await reader.close();
  await writer.close();
});

test('a gap is told before the first message after it', async () => {
  const first = await relayd.publish('small:ws', 'first');
  const texts = Array.from({length: 30}, (_, i) => String(i));
  for (const text of texts) await relayd.publish('small:ws', text);
  const reader = await Client.open();
  reader.send({type: 'subscribe', channel: 'small:ws', after: String(first)});
  await reader.until(() => reader.items.at(-1).data === '29', 'the last message');
  const frames = reader.items.slice(1);
  const types = frames.map(({type}) => type);
  assert.ok(types.includes('subscribed'));
  assert.ok(types.indexOf('gap') < types.indexOf('message'), types.join(' '));
  const gap = frames.find(({type}) => type === 'gap');
  assert.equal(gap.channel, 'small:ws');
  assertGap(gap, frames.filter(({type}) => type === 'message'), {all: texts, least: 10, after: first});
  await reader.close();
});

test('unsubscribe ends the channel and only it', async () => {
  const client = await Client.open();
  await client.subscribe('ws:u1');
  await client.subscribe('ws:u2');
  client.send({type: 'unsubscribe', channel: 'ws:u1'});
  client.send({type: 'ping', ref: 1});
  await client.until(() => client.items.some(({type}) => type === 'pong'), 'pong');
  client.taken = client.items.length;
  await relayd.publish('ws:u1', 'gone');
  await relayd.publish('ws:u2', 'there');
  assert.equal((await client.expect('message')).data, 'there');
  await client.close();
});

test('ping of the protocol and ping of the frame layer are answered', async () => {
  const client = await Client.open();
  const pong = await client.ask({type: 'ping', ref: 'p'}, 'pong');
  assert.equal(pong.ref, 'p');
  const frame = new Promise((done) => client.socket.on('pong', (data) => done(data.toString())));
  client.socket.ping('payload');
  assert.equal(await within(10, frame, 'pong frame'), 'payload');
  await client.close();
});

test('what cannot be understood is answered with an error, and the connection lives', async () => {
  const client = await Client.open();
  for (const frame of ['not json', '[]', '{"type":"no-such-type"}', '{"type":"subscribe"}', '{"type":"publish","channel":"ws:a"}']) {
    const error = await client.ask(frame, 'error');
    assert.ok(error.code, JSON.stringify(error));
    assert.ok(error.message, JSON.stringify(error));
  }
  const error = await client.ask({type: 'subscribe', channel: 'has space', ref: 'bad'}, 'error');
  assert.equal(error.ref, 'bad');
  await client.assertSilent();
  await client.close();
});

test('a message over the limit closes with 1009, one that is not UTF-8 with 1007', async () => {
  const large = await Client.open();
  large.send(JSON.stringify({type: 'publish', channel: 'ws:a', data: 'x'.repeat(1 << 20)}));
  assert.equal(await within(10, large.closed, 'close'), 1009);
  const broken = await Client.open();
  broken.socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), {binary: false});
  assert.equal(await within(10, broken.closed, 'close'), 1007);
});

test('raw carries payloads and nothing else', async () => {
  const client = await Client.open('?channel=ws:raw&format=raw', {json: false});
  await relayd.publish('ws:raw', 'plain text');
  await relayd.publish('ws:raw', '{"a":1}', {headers: {'Content-Type': 'application/json'}});
  assert.equal(await client.next(), 'plain text');
  assert.deepEqual(JSON.parse(await client.next()), {a: 1});
  assert.equal(await client.close(), 1000);
});

test('3,000 messages from three writers come once and in order', async () => {
  const reader = await Client.open('?channel=ws:many');
  await reader.expect('subscribed');
  const before = reader.items.length;
  await Promise.all([0, 1, 2].map(async (w) => {
    const writer = await Client.open();
    for (let i = 0; i < 1000; ++i) writer.send({type: 'publish', channel: 'ws:many', data: `${w}/${i}`, ref: i});
    await writer.until(() => writer.items.length === 1001, 'acks', 60);
    await writer.close();
  }));
  await reader.count(before + 3000, '3,000 messages', 60);
  const messages = reader.items.slice(before);
  for (let i = 1; i < messages.length; ++i) assert.ok(Number(messages[i].id) > Number(messages[i - 1].id));
  for (const w of [0, 1, 2]) {
    const mine = messages.map(({data}) => data).filter((data) => data.startsWith(`${w}/`));
    assert.deepEqual(mine, Array.from({length: 1000}, (_, i) => `${w}/${i}`));
  }
  await reader.close();
}, {seconds: 120});

await run();
