// A TON Connect wallet and a dApp for the tests: the published SDK on one side, the published SessionCrypto on the other.
import {webcrypto} from 'node:crypto';
import {createServer} from 'node:http';
import {Base64, SessionCrypto, hexToByteArray} from '@tonconnect/protocol';
import {TonConnect, toUserFriendlyAddress} from '@tonconnect/sdk';
import {EventSource} from 'eventsource';
import {Inbox} from './suite.mjs';
import {atEnd} from './servers.mjs';

// The SDK wants the browsers' crypto, which node 18 has but does not show, and CustomEvent, which it has not.
globalThis.crypto ??= webcrypto;
globalThis.CustomEvent ??= class CustomEvent extends Event {
  constructor(type, init) {
    super(type, init);
    this.detail = init?.detail ?? null;
  }
};

export const kAddress = '0:' + '5f'.repeat(32);
const kReceiver = toUserFriendlyAddress('0:' + '00'.repeat(32));

// Answers every sendTransaction at once with `boc-<id>` unless told to hold().
export class Wallet {
  requests = new Inbox();
  held = null;
  eventNumber = 0;

  // `link` is what connector.connect() returned; with `session` it is an earlier wallet that comes back.
  constructor(bridge, link, session = new SessionCrypto()) {
    const parameters = new URL(link).searchParams;
    this.bridge = bridge;
    this.link = link;
    this.session = session;
    this.dapp = parameters.get('id');
    this.asked = JSON.parse(parameters.get('r'));
    this.source = new EventSource(`${bridge}/events?client_id=${this.session.sessionId}`);
    this.source.addEventListener('message', (event) => this.handle(event));
    atEnd(() => this.close());
  }

  opened() {
    return new Promise((done) => this.source.addEventListener('open', done, {once: true}));
  }

  async handle(event) {
    const {from, message} = JSON.parse(event.data);
    const request = JSON.parse(this.session.decrypt(Base64.decode(message).toUint8Array(), hexToByteArray(from)));
    const answering = request.method === 'sendTransaction' ? this.answer({id: request.id, result: `boc-${request.id}`})
                                                           : this.answer({id: request.id, result: {}});
    this.requests.push(request);
    await answering;
  }

  hold() { this.held = []; }

  async release() {
    const answers = this.held;
    this.held = null;
    for (const answer of answers) await this.send(answer);
  }

  async answer(message) {
    if (this.held) this.held.push(message);
    else await this.send(message);
  }

  async send(message) {
    const query = new URLSearchParams({client_id: this.session.sessionId, to: this.dapp, ttl: '300'});
    const body = Base64.encode(this.session.encrypt(JSON.stringify(message), hexToByteArray(this.dapp)));
    const answer = await fetch(`${this.bridge}/message?${query}`, {method: 'POST', body});
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`/bridge/message: ${answer.status} ${text}`);
    return text;
  }

  connect() {
    return this.send({
      event: 'connect', id: ++this.eventNumber,
      payload: {
        items: [{name: 'ton_addr', address: kAddress, network: '-239', publicKey: '5f'.repeat(32),
                 walletStateInit: 'te6ccgEBAQEAAgAAAA=='}],
        device: {platform: 'linux', appName: 'relay-test', appVersion: '1.0', maxProtocolVersion: 2,
                 features: ['SendTransaction', {name: 'SendTransaction', maxMessages: 4}]},
      },
    });
  }

  disconnect() {
    return this.send({event: 'disconnect', id: ++this.eventNumber, payload: {}});
  }

  close() { this.source.close(); }
}

// Serves the list of known wallets, which the SDK would fetch from the internet; resolves to its address.
export async function serveWalletsList(bridge) {
  const list = [{
    app_name: 'relay-test', name: 'relay test wallet', image: 'http://127.0.0.1/icon.png', about_url: 'http://127.0.0.1/',
    universal_url: 'https://wallet.example/ton-connect', bridge: [{type: 'sse', url: bridge}], platforms: ['linux'],
    features: ['SendTransaction', {name: 'SendTransaction', maxMessages: 4}],
  }];
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(list));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  atEnd(() => new Promise((done) => { server.close(done); server.closeAllConnections(); }));
  return `http://127.0.0.1:${server.address().port}/wallets.json`;
}

// What a dApp gives the SDK to keep its session in; survives the connector, as a browser's does a reload.
export class Storage {
  items = new Map();
  async getItem(key) { return this.items.get(key) ?? null; }
  async setItem(key, value) { this.items.set(key, value); }
  async removeItem(key) { this.items.delete(key); }
}

export class Dapp {
  statuses = new Inbox();

  // `walletsListSource` is what serveWalletsList() gave.
  constructor(walletsListSource, storage = new Storage()) {
    this.connector = new TonConnect({
      manifestUrl: 'http://127.0.0.1/tonconnect-manifest.json', storage, walletsListSource, analytics: {mode: 'off'},
    });
    this.connector.onStatusChange((wallet) => this.statuses.push(wallet?.account.address ?? null));
    atEnd(() => this.connector.pauseConnection());
  }

  link(bridgeUrl) {
    return this.connector.connect({universalLink: 'https://wallet.example/ton-connect', bridgeUrl});
  }

  // Resolves to the wallet's answer; `sent` is called when the bridge has acknowledged the request.
  async transact(sent = () => {}) {
    const answer = await this.connector.sendTransaction({
      validUntil: Math.floor(Date.now() / 1000) + 300,
      messages: [{address: kReceiver, amount: '1'}],
    }, {onRequestSent: sent});
    return answer.boc;
  }
}
