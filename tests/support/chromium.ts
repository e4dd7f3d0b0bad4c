import { type Browser, chromium } from 'playwright-core';
import { requirePath } from './requirements.ts';

/** Returns the path of Chromium or Chrome, see requirePath(). */
export const requireChromium = () => requirePath('chromium');

/**
 * Launches a browser that makes no requests of its own, such as updates.
 *
 * @param options.keepsPages true if it may show a page again as it was left (back/forward cache), as for users
 */
export function launchBrowser({ keepsPages = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: requireChromium(),
    ignoreDefaultArgs: keepsPages ? ['--disable-back-forward-cache'] : [],
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
