import { type Browser, chromium } from 'playwright-core';
import { requirePath } from './requirements.ts';

/** The path of a Chromium or Chrome, see requirePath(). */
export const requireChromium = () => requirePath('chromium');

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
