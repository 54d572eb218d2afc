// examples/wallet-bridge as a person would run it: the page in Chromium, the wallet as its own process.
import assert from 'node:assert/strict';
import {cpSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {serve} from '../../examples/serve.mjs';
import {openBrowser} from './support/browser.mjs';
import {Child, Relayd, artifacts, atEnd, scratch, storage} from './support/servers.mjs';
import {run, test, within} from './support/suite.mjs';

// A copy, so that the packages installed here serve instead of the `npm install` of the example's README.
const folder = join(scratch(), 'wallet-bridge');
cpSync(fileURLToPath(new URL('../../examples/wallet-bridge', import.meta.url)), folder,
       {recursive: true, filter: (path) => !path.endsWith('node_modules')});
symlinkSync(fileURLToPath(new URL('node_modules', import.meta.url)), join(folder, 'node_modules'));

const site = await serve(folder);
atEnd(() => new Promise((done) => { site.close(done); site.closeAllConnections(); }));
const relayd = await Relayd.start();
const address = `http://127.0.0.1:${site.address().port}/?bridge=${encodeURIComponent(relayd.bridge)}`;
const page = await openBrowser();

const shows = (id, text) => page.waitForFunction(([i, t]) => document.getElementById(i).textContent === t, [id, text]);

const startWallet = (link) => new Child(process.execPath,
  [join(folder, 'wallet.mjs'), '--bridge', relayd.bridge, '--keys', join(folder, 'keys.json'), link]);

let link;
let wallet;

test('the wallet connects to the page by the link', async () => {
  await page.goto(address);
  await page.click('#connect');
  link = await page.textContent('#link');
  assert.match(link, /^https:\/\/wallet\.example\/ton-connect\?v=2&id=[0-9a-f]{64}/);
  wallet = startWallet(link);
  await within(20, wallet.prints(/^connected$/m), 'the wallet');
  await shows('wallet', '0:' + '5f'.repeat(32));
});

test('a transaction is asked for and answered', async () => {
  await page.click('#send');
  await page.waitForSelector('#answers li:nth-child(1):text-is("answered: signed-0")');
});

test('a wallet that was away answers when it is back', async () => {
  await wallet.stop();
  await page.click('#send');
  await page.waitForSelector('#answers li:nth-child(2):text-is("asked the wallet")');
  wallet = startWallet(link);
  await page.waitForSelector('#answers li:nth-child(2):text-is("answered: signed-1")');
  await page.screenshot({path: join(artifacts, `wallet-bridge-${storage}.png`)});
});

test('a reload keeps the connection', async () => {
  await page.reload();
  await shows('wallet', '0:' + '5f'.repeat(32));
  await page.click('#send');
  await page.waitForSelector('#answers li:text-is("answered: signed-2")');
});

test('the page disconnects and the wallet hears it', async () => {
  await page.click('#disconnect');
  await within(20, wallet.prints(/^disconnect \d+$/m), 'the disconnect');
  await shows('wallet', 'none');
  assert.deepEqual(page.complaints, []);
});

await run();
