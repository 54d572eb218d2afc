// The npm package `eventsource` on GET /v1/events.
import assert from 'node:assert/strict';
import {EventSource} from 'eventsource';
import {Cutter, Relayd, atEnd} from './support/servers.mjs';
import {Inbox, assertGap, run, test, within} from './support/suite.mjs';

const relayd = await Relayd.start({tables: {'namespace.small': {max_count: 10}}});

// Opens a stream on `channels` and collects {id, data, type}; resolves when the response headers are there.
async function subscribe(channels, {port = relayd.port, types = ['message', 'gap'], query = {}, fetch} = {}) {
  const url = new URL(`http://127.0.0.1:${port}/v1/events`);
  for (const channel of channels) url.searchParams.append('channel', channel);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  const source = new EventSource(url, fetch && {fetch});
  atEnd(() => source.close());
  const inbox = new Inbox();
  inbox.source = source;
  for (const type of types) {
    source.addEventListener(type, ({data, lastEventId}) => inbox.push({type, id: lastEventId, data}));
  }
  await within(10, new Promise((done) => source.addEventListener('open', done, {once: true})), 'open');
  return inbox;
}

const numbers = (n) => Array.from({length: n}, (_, i) => String(i));

function assertIncreasing(items) {
  for (let i = 1; i < items.length; ++i) {
    assert.ok(Number(items[i].id) > Number(items[i - 1].id), `${items[i].id} after ${items[i - 1].id}`);
  }
}

test('messages of three channels come once, in order, with the ids of the answers', async () => {
  const channels = ['es:a', 'es:b', 'es:c'];
  const inbox = await subscribe(channels);
  const ids = [];
  for (const [i, text] of numbers(300).entries()) ids.push(String(await relayd.publish(channels[i % 3], text)));
  const items = await inbox.count(300);
  assert.deepEqual(items.map(({data}) => data), numbers(300));
  assert.deepEqual(items.map(({id}) => id), ids);
  assertIncreasing(items);
  inbox.source.close();
});

test('a channel that was not asked for stays silent', async () => {
  const inbox = await subscribe(['es:mine']);
  await relayd.publish('es:theirs', 'no');
  await relayd.publish('es:mine', 'yes');
  assert.equal((await inbox.next()).data, 'yes');
  inbox.source.close();
});

test('event names and payloads of several lines arrive as they were published', async () => {
  const inbox = await subscribe(['es:named'], {types: ['message', 'price', 'id', 'data']});
  await relayd.publish('es:named', 'one\ntwo\n\nthree', {query: {event: 'price'}});
  await relayd.publish('es:named', 'event: forged\nid: 1\ndata: x');
  const [named, plain] = await inbox.count(2);
  assert.equal(named.type, 'price');
  assert.equal(named.data, 'one\ntwo\n\nthree');
  assert.equal(plain.type, 'message');
  assert.equal(plain.data, 'event: forged\nid: 1\ndata: x');
  inbox.source.close();
});

test('format=json carries the envelope of the WebSocket', async () => {
  const inbox = await subscribe(['es:json'], {query: {format: 'json'}});
  const id = await relayd.publish('es:json', '{"a":[1,2]}', {headers: {'Content-Type': 'application/json'}});
  const envelope = JSON.parse((await inbox.next()).data);
  assert.equal(envelope.channel, 'es:json');
  assert.equal(String(envelope.id), String(id));
  assert.deepEqual(envelope.data, {a: [1, 2]});
  inbox.source.close();
});

test('last_event_id in the query resumes; cursor 0 means everything kept', async () => {
  const ids = [];
  for (const text of numbers(6)) ids.push(await relayd.publish('es:resume', text));
  const rest = await subscribe(['es:resume'], {query: {last_event_id: ids[2]}});
  assert.deepEqual((await rest.count(3)).map(({data}) => data), ['3', '4', '5']);
  const all = await subscribe(['es:resume'], {query: {last_event_id: '0'}});
  assert.deepEqual((await all.count(6)).map(({data}) => data), numbers(6));
  for (const inbox of [rest, all]) inbox.source.close();
});

test('a link cut again and again loses nothing and doubles nothing', async () => {
  const cutter = await Cutter.start(relayd.port);
  const channels = ['es:cut-a', 'es:cut-b'];
  const inbox = await subscribe(channels, {port: cutter.port});
  let cuts = 0;
  for (const [i, text] of numbers(400).entries()) {
    await relayd.publish(channels[i % 2], text);
    if (i % 50 === 25) {
      const reopened = new Promise((done) => inbox.source.addEventListener('open', done, {once: true}));
      cuts += cutter.cut();
      for (const extra of ['x', 'y']) await relayd.publish('es:elsewhere', extra);
      if (i > 200) await within(20, reopened, 'the reconnect');
    }
  }
  const items = await inbox.count(400, '400 messages', 60);
  assert.deepEqual(items.map(({data}) => data), numbers(400));
  assertIncreasing(items);
  assert.ok(cuts >= 4, `only ${cuts} cuts met a connection`);
  inbox.source.close();
}, {seconds: 120});

test('what is no longer kept is said, before the first message after it', async () => {
  const first = await relayd.publish('small:gone', 'first');
  for (const text of numbers(30)) await relayd.publish('small:gone', text);
  const inbox = await subscribe(['small:gone'], {query: {last_event_id: String(first)}});
  await inbox.until(() => inbox.items.at(-1)?.data === '29', 'the last message');
  const [gap, ...kept] = inbox.items;
  assert.equal(gap.type, 'gap');
  assert.equal(JSON.parse(gap.data).channel, 'small:gone');
  assertGap(JSON.parse(gap.data), kept, {all: numbers(30), least: 10, after: first});
  inbox.source.close();
});

test('a malformed cursor is refused before the stream starts', async () => {
  const answer = await fetch(`${relayd.http}/v1/events?channel=es:a&last_event_id=%00`);
  assert.equal(answer.status, 400);
  assert.ok((await answer.json()).error.message);
});

await run();
