import type { Locator } from 'playwright-core';
import { expect } from 'vitest';

/** Reads the reason and the request id from a failure panel. */
export async function readFailure(panel: Locator): Promise<{ reason: string; requestId: string }> {
  await panel.waitFor();
  const text = await panel.innerText();
  const found = /Reason\s+(\w+), request\s+(\S+)/.exec(text);
  expect(found, `reason and request id in: ${text}`).not.toBeNull();
  return { reason: found?.[1] ?? '', requestId: found?.[2] ?? '' };
}
