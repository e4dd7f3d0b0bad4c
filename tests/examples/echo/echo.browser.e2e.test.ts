import { expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { readFailure } from '#tests/browser/support/failure-panel.ts';
import { callsOf, trpcCalls } from '#tests/browser/support/requests.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { hydrated, reads, settled } from '#tests/browser/support/wait.ts';

const { visit } = withBrowser();

async function openEcho() {
  const opened = await visit();
  const { page } = opened;
  await page.goto('/echo');
  const body = page.getByRole('region', { name: 'echo.body' });
  await hydrated(body.getByRole('button', { name: 'Send', exact: true }));
  const send = async (text: string) => {
    await body.getByLabel('JSON to send').fill(text);
    await body.getByRole('button', { name: 'Send', exact: true }).click();
  };
  return { ...opened, body, response: body.locator('pre'), send };
}

test('JSON comes back unchanged', async () => {
  const { response, send, page } = await openEcho();
  await send('{ "list": [1, "two", null, true], "deep": { "empty": {} } }');
  await reads(response, '"list"');
  expect((await response.innerText()).replace(/\s+/g, ' ')).toBe(
    '{ "list": [ 1, "two", null, true ], "deep": { "empty": {} } }',
  );
  await screenshot(page, 'echo-json');
});

test('dates, maps, sets, bigints and undefined keep their types', async () => {
  const { response, body, page } = await openEcho();
  await body.getByRole('button', { name: 'Send dates, maps, sets and bigints' }).click();
  await reads(response, '18446744073709551616n');
  const shown = (await response.innerText()).replace(/\s+/g, ' ');
  expect(shown).toMatch(/"when": Date \d{4}-\d\d-\d\dT/);
  expect(shown).toContain('"tags": Set { "typed", "echo" }');
  expect(shown).toContain('"counts": Map { "calls" => 1n }');
  expect(shown).toContain('"nothing": undefined');
  await screenshot(page, 'echo-typed');
});

test('the browser rejects invalid JSON and shows the error at the field', async () => {
  const { body, send, requests } = await openEcho();
  await send('{ hello }');
  await reads(body.getByRole('alert'), 'Invalid JSON');
  expect(await body.getByLabel('JSON to send').getAttribute('aria-invalid')).toBe('true');
  expect(trpcCalls(requests)).toEqual([]);
});

test('a payload that is too large shows the reason', async () => {
  const { body, send, expectProblem } = await openEcho();
  expectProblem(/^413: POST \/api\/trpc\/echo\.body/);
  await send(JSON.stringify('x'.repeat(70_000)));
  const { reason } = await readFailure(body.getByRole('alert'));
  expect(reason).toBe('payload_too_large');
});

test('the page contains echo.request as the server sees it, and the browser can call it again', async () => {
  const { page, requests } = await openEcho();
  const region = page.getByRole('region', { name: 'echo.request' });
  await settled(page);
  expect(trpcCalls(requests)).toEqual([]);
  await reads(region.locator('pre'), '"method": "CALL"');

  await region.getByRole('button', { name: 'Call it from the browser' }).click();
  await reads(region.locator('pre'), '"method": "GET"');
  await reads(region.locator('pre'), '"pathname": "/api/trpc/echo.request"');
  await reads(region.locator('pre'), /"userAgent": ".*Chrome/);
  expect(callsOf(requests, 'echo.request').map((request) => request.method())).toEqual(['GET']);
});
