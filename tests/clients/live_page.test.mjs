// Chromium's own EventSource and WebSocket on examples/live-page; the screenshot is kept as an artifact.
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {serve} from '../../examples/serve.mjs';
import {openBrowser} from './support/browser.mjs';
import {Relayd, artifacts, atEnd, storage} from './support/servers.mjs';
import {run, test} from './support/suite.mjs';

const site = await serve(fileURLToPath(new URL('../../examples/live-page', import.meta.url)));
atEnd(() => new Promise((done) => { site.close(done); site.closeAllConnections(); }));
const origin = `http://127.0.0.1:${site.address().port}`;
const relayd = await Relayd.start({tables: {cors: {allowed_origins: `["${origin}"]`}}});
const address = `${origin}/?relay=${encodeURIComponent(relayd.http)}&channel=live`;
const page = await openBrowser();

const texts = (list) => page.$$eval(`#${list} li`, (items) => items.map((item) => item.dataset.text));

// Waits until both lists show exactly these texts.
async function assertShown(expected) {
  for (const list of ['sse', 'ws']) {
    await page.waitForFunction(([id, n]) => document.querySelectorAll(`#${id} li`).length >= n, [list, expected.length]);
    assert.deepEqual(await texts(list), expected, list);
  }
}

async function assertLive() {
  for (const list of ['sse', 'ws']) {
    await page.waitForFunction((id) => document.getElementById(`${id}-state`).textContent === 'live', list);
  }
}

test('both transports go live', async () => {
  await page.goto(address);
  await assertLive();
});

test('both show what is published over HTTP, markup as text', async () => {
  await relayd.publish('live', 'one');
  await relayd.publish('live', '<b>two</b> \u{1f30d} ünï');
  await relayd.publish('live', 'three\nlines\nlong');
  await assertShown(['one', '<b>two</b> \u{1f30d} ünï', 'three\nlines\nlong']);
});

test('the form publishes', async () => {
  await page.fill('#text', 'from the form');
  await page.click('#publish button');
  await assertShown(['one', '<b>two</b> \u{1f30d} ünï', 'three\nlines\nlong', 'from the form']);
  assert.equal(await page.textContent('#problem'), '');
  await page.screenshot({path: join(artifacts, `live-page-${storage}.png`)});
});

test('a page that was away shows what it missed', async () => {
  await page.goto('about:blank');
  await relayd.publish('live', 'missed 1');
  await relayd.publish('live', 'missed 2');
  await page.goto(address);
  await assertLive();
  await relayd.publish('live', 'live again');
  await assertShown(['missed 1', 'missed 2', 'live again']);
});

if (storage === 'redis') {
  test('relayd killed and started again under the open page: both come back by themselves, nothing lost', async () => {
    await page.reload();
    await assertLive();
    await relayd.publish('live', 'before');
    await assertShown(['before']);
    await relayd.stop('SIGKILL');
    await page.waitForFunction(() => document.getElementById('ws-state').textContent === 'reconnecting');
    await relayd.launch();
    await relayd.publish('live', 'after');
    await assertShown(['before', 'after']);
    await assertLive();
  });
}

test('the page had nothing to complain about', async () => {
  assert.deepEqual(page.complaints, []);
});

await run();
