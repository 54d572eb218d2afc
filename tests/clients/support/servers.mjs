// Starts what the tests talk to, on free loopback ports, and ends it by pid: relayd, redis-server, a cuttable TCP
// proxy. From the environment: RELAYD (the program), RELAY_STORAGE (memory or redis), RELAY_ARTIFACTS (a folder).
import {spawn} from 'node:child_process';
import {randomInt} from 'node:crypto';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

if (!process.env.RELAYD) throw new Error('RELAYD must name the relayd to test; see README.md');
export const storage = process.env.RELAY_STORAGE ?? 'memory';
export const artifacts = process.env.RELAY_ARTIFACTS ?? join(tmpdir(), 'relay-artifacts');
mkdirSync(artifacts, {recursive: true});

const running = new Set();  // each has stop() and, if it is a process, name and log
const closers = [];
process.setMaxListeners(0);  // one for each scratch folder

// A folder of its own, gone when this process ends.
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'relay-clients-'));
  process.on('exit', () => rmSync(folder, {recursive: true, force: true}));
  return folder;
}

// Below the range that the kernel takes for outgoing connections (32768 and up), so that none of the many which
// tests make beside each other takes the port before its server does. Above those that browsers refuse.
export async function freePort() {
  for (let tries = 0; tries < 1000; ++tries) {
    const port = randomInt(11_000, 32_768);
    const server = createServer();
    const free = await new Promise((done) => server.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true)));
    if (!free) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
  throw new Error('no free port');
}

// A child process that must live until stop(); its output is kept for dumpLogs(). It gets a TERM should this process
// end without stop(), by whatever cause: ctest kills a test that takes too long.
export class Child {
  log = '';
  exited = false;
  listeners = [];

  constructor(program, args, options = {}) {
    this.name = `${program.split('/').pop()} ${args.join(' ')}`;
    this.process = spawn('setpriv', ['--pdeathsig', 'TERM', '--', program, ...args], {stdio: ['ignore', 'pipe', 'pipe'], ...options});
    const collect = (chunk) => {
      this.log += chunk;
      this.listeners.forEach((listener) => listener());
    };
    this.process.stdout.on('data', collect);
    this.process.stderr.on('data', collect);
    this.ended = new Promise((done) => {
      const end = (status) => {
        this.exited = true;
        this.status = status;
        running.delete(this);
        done(status);
        this.listeners.forEach((listener) => listener());
      };
      this.process.on('error', (error) => { this.log += `${error}\n`; end(error); });
      this.process.on('exit', (code, signal) => end(code ?? signal));
    });
    running.add(this);
  }

  // Resolves once the output matches; rejects if the process ends first.
  async prints(pattern) {
    while (!pattern.test(this.log)) {
      if (this.exited) throw new Error(`${this.name} ended (${this.status}) before printing ${pattern}:\n${this.log}`);
      await new Promise((wake) => this.listeners.push(wake));
    }
    return pattern.exec(this.log);
  }

  // Returns the exit status. TERM, so that nginx takes its workers along; what ignores it for 10 s is killed.
  async stop(signal = 'SIGTERM') {
    if (!this.exited) this.process.kill(signal);
    const hard = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
    const status = await this.ended;
    clearTimeout(hard);
    return status;
  }
}

// Resolves once `check` returns true; for states that can only be asked for. Rejects if the child ends.
async function poll(child, check) {
  const deadline = Date.now() + 30_000;
  while (!(await check().catch(() => false))) {
    if (child.exited) throw new Error(`${child.name} ended with ${child.status}:\n${child.log}`);
    if (Date.now() > deadline) throw new Error(`${child.name} is not ready after 30 s:\n${child.log}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

export async function startRedis() {
  const port = await freePort();
  const child = new Child('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no',
                                           '--dir', scratch()]);
  await child.prints(/Ready to accept connections/);
  child.url = `redis://127.0.0.1:${port}`;
  return child;
}

let sharedRedis;  // one per test file, for every relayd in it

// The tables are those of relayd.toml(5); `tables` is merged over these.
async function config(tables) {
  const settings = {
    operator: {}, bridge: {rps_limit: 0, connections_limit: 0}, sse: {retry: '"100ms"'},
    drain: {delay: '"0s"', spread: '"0s"', timeout: '"2s"'}, redis: {},
  };
  if (storage === 'redis') {
    sharedRedis ??= await startRedis();
    settings.redis.url = JSON.stringify(sharedRedis.url);
  }
  for (const [name, table] of Object.entries(tables)) settings[name] = {...settings[name], ...table};
  return settings;
}

const toml = (settings, top) => [
  ...Object.entries(top).map(([key, value]) => `${key} = ${value}`),
  ...Object.entries(settings).flatMap(([name, table]) =>
    [`[${name}]`, ...Object.entries(table).map(([key, value]) => `${key} = ${value}`)]),
].join('\n') + '\n';

// A running relayd: http, ws and bridge addresses, publish(). Values in `tables` are TOML text.
export class Relayd {
  static async start({tables = {}, port} = {}) {
    const relayd = new Relayd();
    relayd.port = port ?? await freePort();
    relayd.operatorPort = await freePort();
    const settings = await config(tables);
    settings.operator.listen ??= `"127.0.0.1:${relayd.operatorPort}"`;
    relayd.file = join(scratch(), 'relayd.toml');
    writeFileSync(relayd.file, toml(settings, {listen: `["127.0.0.1:${relayd.port}"]`, storage: `"${storage}"`}));
    await relayd.launch();
    return relayd;
  }

  async launch() {
    this.child = new Child(process.env.RELAYD, ['--config', this.file]);
    this.child.mustDrain = true;
    await poll(this.child, async () => (await fetch(`http://127.0.0.1:${this.operatorPort}/readyz`)).status === 200);
  }

  get http() { return `http://127.0.0.1:${this.port}`; }
  get ws() { return `ws://127.0.0.1:${this.port}`; }
  get bridge() { return `${this.http}/bridge`; }

  async stop(signal = 'SIGTERM') {
    const status = await this.child.stop(signal);
    if (signal === 'SIGTERM' && status !== 0) throw new Error(`relayd ended with ${status} after SIGTERM:\n${this.child.log}`);
  }

  // Publishes and returns the id; `query` and `headers` go along.
  async publish(channel, body, {query = {}, headers = {}} = {}) {
    const url = `${this.http}/v1/channels/${encodeURIComponent(channel)}/messages?${new URLSearchParams(query)}`;
    const answer = await fetch(url, {method: 'POST', body, headers});
    const text = await answer.text();
    if (answer.status !== 201) throw new Error(`publish to ${channel}: ${answer.status} ${text}`);
    return JSON.parse(text).id;
  }
}

// A TCP proxy in front of `port` whose connections can be cut, to break a link without ending either side.
export class Cutter {
  sockets = new Set();

  static async start(port) {
    const cutter = new Cutter();
    cutter.server = createServer((socket) => cutter.join(socket, connect(port, '127.0.0.1')));
    await new Promise((done) => cutter.server.listen(0, '127.0.0.1', done));
    cutter.port = cutter.server.address().port;
    running.add(cutter);
    return cutter;
  }

  join(near, far) {
    for (const [socket, other] of [[near, far], [far, near]]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => { this.sockets.delete(socket); other.destroy(); });
      socket.pipe(other);
    }
  }

  // Resets every connection; returns how many there were.
  cut() {
    const count = this.sockets.size / 2;
    for (const socket of this.sockets) socket.resetAndDestroy();
    return count;
  }

  async stop() {
    this.cut();
    running.delete(this);
    await new Promise((done) => this.server.close(done));
  }
}

export const atEnd = (closer) => closers.push(closer);

export function dumpLogs() {
  for (const child of running) if (child.log) console.log(`--- ${child.name}\n${child.log.slice(-6000)}`);
}

// Ends clients first, then servers, the last started first. Returns the complaint about each relayd that did not
// drain and end with 0 (a sanitizer's report makes it another status).
export async function closeAll() {
  const complaints = [];
  for (const closer of closers.splice(0).reverse()) await closer();
  for (const thing of [...running].reverse()) {
    const status = await thing.stop();
    if (thing.mustDrain && status !== 0) complaints.push(`${thing.name} ended with ${status} after SIGTERM:\n${thing.log.slice(-6000)}`);
  }
  return complaints;
}
