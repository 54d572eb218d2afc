// examples/nginx and examples/haproxy, run as they stand but for their ports: `node proxies.test.mjs nginx|haproxy`.
import assert from 'node:assert/strict';
import {Agent, get} from 'node:http';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {EventSource} from 'eventsource';
import WebSocket from 'ws';
import {Child, Relayd, atEnd, freePort, scratch} from './support/servers.mjs';
import {Inbox, run, test, within} from './support/suite.mjs';

const example = (path) => readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8');
const folder = scratch();

// Only one address is trusted, so the others of 127.0.0.0/8 are clients like any.
const relayd = await Relayd.start({tables: {proxy: {trusted_ranges: '["127.0.0.1/32"]'}, bridge: {connections_limit: 1}}});
const port = await freePort();

function withPorts(text, replacements) {
  for (const [from, to] of replacements) {
    assert.ok(text.includes(from), `the example has no "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

function nginxFiles() {
  writeFileSync(join(folder, 'relayd.conf'),
                withPorts(example('nginx/relayd.conf'), [['127.0.0.1:8081', `127.0.0.1:${relayd.port}`], ['listen 8080', `listen 127.0.0.1:${port}`]]));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    mkdirSync(join(folder, name));
    return `${name}_temp_path ${join(folder, name)};`;
  });
  writeFileSync(join(folder, 'nginx.conf'), `
    ${process.getuid() === 0 ? 'user root;' : ''}
    daemon off; worker_processes 2; error_log stderr; pid ${join(folder, 'nginx.pid')};
    events { worker_connections 512; }
    http { access_log off; ${temporary.join(' ')} include ${join(folder, 'relayd.conf')}; }`);
  return {program: '/usr/sbin/nginx', args: ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], check: ['-t']};
}

function haproxyFiles() {
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, withPorts(example('haproxy/haproxy.cfg'),
                                [['127.0.0.1:8081', `127.0.0.1:${relayd.port}`], ['bind :8080', `bind 127.0.0.1:${port}`],
                                 ['port 9103', `port ${relayd.operatorPort}`]]));
  return {program: '/usr/sbin/haproxy', args: ['-db', '-f', file], check: ['-c']};
}

const kind = process.argv[2];
const {program, args, check} = {nginx: nginxFiles, haproxy: haproxyFiles}[kind]();

// Resolves to {status, close()} of a bridge stream asked for from a client's address.
function bridgeStream(localAddress) {
  return new Promise((done, failed) => {
    const agent = new Agent();
    const request = get({host: '127.0.0.1', port, localAddress, agent, path: `/bridge/events?client_id=${'ab'.repeat(32)}`},
                        (response) => {
                          const close = () => agent.destroy();
                          response.on('error', () => {});
                          response.resume();
                          atEnd(close);
                          done({status: response.statusCode, close});
                        });
    request.on('error', failed);
  });
}

test(`${kind} accepts the file`, async () => {
  await promisify(execFile)(program, [...args, ...check]);
  const child = new Child(program, args);
  const ready = async () => {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/channels/proxy/messages`).catch(() => ({status: 0}));
      if (answer.status === 200) return;
      if (child.exited) throw new Error(`${program} ended with ${child.status}`);
      await new Promise((wake) => setTimeout(wake, 20));
    }
  };
  await within(20, ready(), 'an answer through the proxy');
});

test('an event stream opens at once and passes each message on at once', async () => {
  const source = new EventSource(`http://127.0.0.1:${port}/v1/events?channel=proxy`);
  atEnd(() => source.close());
  const inbox = new Inbox();
  source.addEventListener('message', ({data}) => inbox.push(data));
  await within(10, new Promise((done) => source.addEventListener('open', done, {once: true})), 'open');
  for (let i = 0; i < 20; ++i) {
    await relayd.publish('proxy', String(i));
    assert.equal(await inbox.next('the message before the next is sent', 5), String(i));
  }
});

test('a WebSocket is upgraded and carries both ways', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/ws?channel=proxy`);
  atEnd(() => socket.terminate());
  const inbox = new Inbox();
  socket.on('message', (data) => inbox.push(JSON.parse(data)));
  assert.equal((await inbox.next()).type, 'welcome');
  assert.equal((await inbox.next()).type, 'subscribed');
  socket.send(JSON.stringify({type: 'publish', channel: 'proxy', data: 'through', ref: 1}));
  const types = [(await inbox.next()).type, (await inbox.next()).type];
  assert.deepEqual(types.sort(), ['ack', 'message']);
  const closed = new Promise((done) => socket.on('close', done));
  socket.close(1000);
  assert.equal(await within(10, closed, 'the close'), 1000);
});

test('publishes go through, long queries too', async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/channels/proxy/messages`, {method: 'POST', body: 'x'});
  assert.equal(answer.status, 201);
  const query = Array.from({length: 900}, (_, i) => `channel=proxy:a-rather-long-name-for-one-channel-${i}`).join('&');
  const stream = await fetch(`http://127.0.0.1:${port}/v1/events?${query}`);
  assert.equal(stream.status, 200);
  await stream.body.cancel();
});

test('relayd sees who asks, not the proxy', async () => {
  const first = await bridgeStream('127.0.0.2');
  assert.equal(first.status, 200);
  const same = await bridgeStream('127.0.0.2');
  assert.equal(same.status, 429);
  const other = await bridgeStream('127.0.0.3');
  assert.equal(other.status, 200);
  for (const stream of [first, same, other]) stream.close();
});

await run();
