// A TON Connect wallet without a chain: connects to the dApp of a link and approves whatever it asks.
//
//   node wallet.mjs [--bridge http://127.0.0.1:8081/bridge] [--keys wallet-keys.json] [--approve-after 500] LINK
//
// It takes --approve-after milliseconds to approve, as a person takes longer: @tonconnect/sdk 3.4 drops an answer
// that its page handles before the acknowledgement of the request, which a busy browser may do with the two.
//
// Its key pair and what it has answered live in the keys file, so a wallet started again is the same wallet and
// gets what it missed. The bridge may repeat a message around a reconnect; ids tell.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {setTimeout as after} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {Base64, SessionCrypto, hexToByteArray} from '@tonconnect/protocol';
import {EventSource} from 'eventsource';

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    bridge: {type: 'string', default: 'http://127.0.0.1:8081/bridge'},
    keys: {type: 'string', default: 'wallet-keys.json'},
    'approve-after': {type: 'string', default: '500'},
  },
});
if (positionals.length !== 1) {
  console.error('usage: node wallet.mjs [--bridge URL] [--keys FILE] [--approve-after MS] LINK');
  process.exit(64);
}

const kAddress = '0:' + '5f'.repeat(32);
const kDevice = {
  platform: 'linux', appName: 'relay-example', appVersion: '1.0', maxProtocolVersion: 2,
  features: ['SendTransaction', {name: 'SendTransaction', maxMessages: 4}],
};

const dapp = new URL(positionals[0]).searchParams.get('id');
const state = existsSync(values.keys) ? JSON.parse(readFileSync(values.keys, 'utf8')) : {};
const known = state.dapp === dapp;
const session = new SessionCrypto(known ? state.keyPair : undefined);
let lastEventId = known ? state.lastEventId : '';
let eventNumber = known ? state.eventNumber : 0;

function save() {
  writeFileSync(values.keys, JSON.stringify({dapp, keyPair: session.stringifyKeypair(), lastEventId, eventNumber}), {mode: 0o600});
}

async function send(message) {
  const url = new URL(`${values.bridge}/message`);
  url.search = new URLSearchParams({client_id: session.sessionId, to: dapp, ttl: '300'});
  const body = Base64.encode(session.encrypt(JSON.stringify(message), hexToByteArray(dapp)));
  const answer = await fetch(url, {method: 'POST', body});
  if (!answer.ok) throw new Error(`the bridge answered ${answer.status}: ${await answer.text()}`);
}

async function connect() {
  eventNumber += 1;
  await send({
    event: 'connect', id: eventNumber,
    payload: {
      items: [{name: 'ton_addr', address: kAddress, network: '-239', publicKey: '5f'.repeat(32), walletStateInit: 'te6ccgEBAQEAAgAAAA=='}],
      device: kDevice,
    },
  });
  console.log('connected');
}

async function handle(event) {
  const {from, message} = JSON.parse(event.data);
  const request = JSON.parse(session.decrypt(Base64.decode(message).toUint8Array(), hexToByteArray(from)));
  console.log(`${request.method} ${request.id}`);
  await after(Number(values['approve-after']));
  if (request.method === 'sendTransaction') await send({id: request.id, result: `signed-${request.id}`});
  else if (request.method === 'disconnect') await send({id: request.id, result: {}});
  else await send({id: request.id, error: {code: 400, message: `${request.method} is not supported`}});
  lastEventId = event.lastEventId;
  save();
}

const url = new URL(`${values.bridge}/events`);
url.searchParams.set('client_id', session.sessionId);
if (lastEventId) url.searchParams.set('last_event_id', lastEventId);
const source = new EventSource(url);
let handled = Promise.resolve();  // one after the other, in the order they came
source.addEventListener('message', (event) => {
  handled = handled.then(() => handle(event)).catch((error) => console.error(error.message));
});
source.addEventListener('error', (error) => console.error(`bridge: ${error.message ?? 'connection lost'}; trying again`));
if (!known) await connect();
save();
