// @tonconnect/sdk as dApp, @tonconnect/protocol as wallet, through /bridge.
import assert from 'node:assert/strict';
import {Relayd} from './support/servers.mjs';
import {run, test, within} from './support/suite.mjs';
import {Dapp, Storage, Wallet, kAddress, serveWalletsList} from './support/wallet.mjs';

const relayd = await Relayd.start();
const wallets = await serveWalletsList(relayd.bridge);

// A dApp and a wallet that are connected to each other.
async function couple(dapp = new Dapp(wallets)) {
  const wallet = new Wallet(relayd.bridge, dapp.link(relayd.bridge));
  await within(10, wallet.opened(), 'the wallet\'s stream');
  await wallet.connect();
  assert.equal(await dapp.statuses.next('the dApp is connected'), kAddress);
  return {dapp, wallet};
}

test('the wallet connects by the link and the dApp sees its account', async () => {
  const {dapp, wallet} = await couple();
  assert.match(wallet.dapp, /^[0-9a-f]{64}$/);
  assert.equal(wallet.asked.items[0].name, 'ton_addr');
  assert.equal(dapp.connector.connected, true);
});

test('a connect event that was sent before the dApp listened arrives', async () => {
  const storage = new Storage();
  let open;
  const gate = new Promise((done) => { open = done; });
  const store = storage.setItem.bind(storage);
  storage.setItem = async (...item) => { await gate; return store(...item); };  // the SDK stores first, then listens
  const dapp = new Dapp(wallets, storage);
  const wallet = new Wallet(relayd.bridge, dapp.link(relayd.bridge));
  await wallet.connect();
  assert.equal(dapp.statuses.items.length, 0);
  open();
  assert.equal(await dapp.statuses.next('the dApp is connected'), kAddress);
});

test('sendTransaction reaches the wallet and its answer the dApp', async () => {
  const {dapp, wallet} = await couple();
  assert.equal(await within(10, dapp.transact(), 'the answer'), 'boc-0');
  const request = await wallet.requests.next();
  assert.equal(request.method, 'sendTransaction');
  assert.equal(JSON.parse(request.params[0]).messages[0].amount, '1');
});

test('a refusal reaches the dApp as an error', async () => {
  const {dapp, wallet} = await couple();
  wallet.hold();
  const refused = assert.rejects(within(10, dapp.transact(), 'the refusal'), /the user said no/);
  const request = await wallet.requests.next();
  await wallet.send({id: request.id, error: {code: 300, message: 'the user said no'}});
  await refused;
});

test('answers sent while the dApp is paused arrive when it goes on', async () => {
  const {dapp, wallet} = await couple();
  wallet.hold();
  const answers = [];
  for (let i = 0; i < 5; ++i) {  // the SDK numbers its requests one after the other
    await within(10, new Promise((sent) => answers.push(dapp.transact(sent))), 'the acknowledgement');
  }
  await wallet.requests.count(5, 'five requests');
  dapp.connector.pauseConnection();
  await wallet.release();
  await dapp.connector.unPauseConnection();
  const bocs = await within(10, Promise.all(answers), 'five answers');
  assert.deepEqual(bocs, ['boc-0', 'boc-1', 'boc-2', 'boc-3', 'boc-4']);
});

test('a new connector with the kept storage gets what was missed', async () => {
  const storage = new Storage();
  const {dapp, wallet} = await couple(new Dapp(wallets, storage));
  assert.equal(await within(10, dapp.transact(), 'the answer'), 'boc-0');
  dapp.connector.pauseConnection();
  await wallet.disconnect();
  const again = new Dapp(wallets, storage);
  await again.connector.restoreConnection();
  assert.equal(await again.statuses.next('restored from the storage'), kAddress);
  assert.equal(await again.statuses.next('the disconnect that was missed'), null);
});

test('a restored dApp goes on asking the same wallet', async () => {
  const storage = new Storage();
  const {dapp, wallet} = await couple(new Dapp(wallets, storage));
  await within(10, dapp.transact(), 'the first answer');
  dapp.connector.pauseConnection();
  const again = new Dapp(wallets, storage);
  await again.connector.restoreConnection();
  assert.equal(await within(10, again.transact(), 'the second answer'), 'boc-1');
  assert.equal(wallet.requests.items.length, 2);
});

test('a wallet that was away gets the request when it comes back', async () => {
  const {dapp, wallet} = await couple();
  wallet.close();
  let acknowledged;
  const sent = new Promise((done) => { acknowledged = done; });
  const asked = dapp.transact(acknowledged);
  await within(10, sent, 'the acknowledgement');
  new Wallet(relayd.bridge, wallet.link, wallet.session);
  assert.equal(await within(10, asked, 'the answer'), 'boc-0');
});

test('the wallet disconnects and the dApp sees it', async () => {
  const {dapp, wallet} = await couple();
  await wallet.disconnect();
  assert.equal(await dapp.statuses.next('the disconnect'), null);
  assert.equal(dapp.connector.connected, false);
});

test('the dApp disconnects and the wallet hears it', async () => {
  const {dapp, wallet} = await couple();
  await dapp.connector.disconnect();
  assert.equal((await wallet.requests.next()).method, 'disconnect');
});

// The SDK drops an answer that arrives before its POST was acknowledged and then waits for ever.
test('200 rounds with a wallet that answers at once: no answer overtakes the acknowledgement', async () => {
  const {dapp} = await couple();
  for (let round = 0; round < 200; ++round) {
    assert.equal(await within(10, dapp.transact(), `round ${round}`), `boc-${round}`);
  }
}, {seconds: 120});

await run();
