// Debian's Chromium, headless and fresh, driven by playwright-core; it may reach the loopback interface only.
import {chromium} from 'playwright-core';
import {atEnd, scratch} from './servers.mjs';

// Resolves to an open page; what the page logs or throws is in page.complaints.
export async function openBrowser() {
  const context = await chromium.launchPersistentContext(scratch(), {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    chromiumSandbox: false,  // tests may run as root
    viewport: {width: 1100, height: 640},
    args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
           '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
           '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
  atEnd(() => context.close());
  const page = context.pages()[0] ?? await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.setDefaultTimeout(30_000);
  return page;
}
