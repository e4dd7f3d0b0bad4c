import { type Browser, chromium } from 'playwright-core';
import { requirePath } from './requirements.ts';

/** Returns the path of Chromium or Chrome, see requirePath(). */
export const requireChromium = () => requirePath('chromium');

/** Launches a browser that makes no requests of its own, such as updates. */
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
