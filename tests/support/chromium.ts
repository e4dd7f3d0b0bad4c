import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { requireInstalled } from './debian.ts';

const candidates = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

function findChromium(): string | undefined {
  return candidates.find((path) => path !== undefined && existsSync(path));
}

/**
 * The path of a Chromium or Chrome. As root on Debian it is installed when it is missing.
 *
 * @throws Error that says what to install
 */
export function requireChromium(): string {
  return requireInstalled(
    findChromium,
    'chromium',
    'The tests need Chromium or Chrome. Install one, or set CHROMIUM_PATH to it',
  );
}

/** A browser that talks to nothing but the pages it is shown. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: requireChromium(),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
