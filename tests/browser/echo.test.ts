import { expect } from 'vitest';
import { test, withBrowser } from './support/browser.ts';
import { readFailure } from './support/failure-panel.ts';
import { callsOf, trpcCalls } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { hydrated, reads, settled } from './support/wait.ts';

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
  return { ...opened, body, answer: body.locator('pre'), send };
}

test('JSON comes back as it was sent', async () => {
  const { answer, send, page } = await openEcho();
  await send('{ "list": [1, "two", null, true], "deep": { "empty": {} } }');
  await reads(answer, '"list"');
  expect((await answer.innerText()).replace(/\s+/g, ' ')).toBe(
    '{ "list": [ 1, "two", null, true ], "deep": { "empty": {} } }',
  );
  await screenshot(page, 'echo-json');
});

test('dates, maps, sets, bigints and undefined come back as themselves', async () => {
  const { answer, body, page } = await openEcho();
  await body.getByRole('button', { name: 'Send dates, maps, sets and bigints' }).click();
  await reads(answer, '18446744073709551616n');
  const shown = (await answer.innerText()).replace(/\s+/g, ' ');
  expect(shown).toMatch(/"when": Date \d{4}-\d\d-\d\dT/);
  expect(shown).toContain('"tags": Set { "typed", "echo" }');
  expect(shown).toContain('"counts": Map { "calls" => 1n }');
  expect(shown).toContain('"nothing": undefined');
  await screenshot(page, 'echo-typed');
});

test('what is not JSON is refused in the browser, at its field', async () => {
  const { body, send, requests } = await openEcho();
  await send('{ hello }');
  await reads(body.getByRole('alert'), 'This is not JSON');
  expect(await body.getByLabel('JSON to send').getAttribute('aria-invalid')).toBe('true');
  expect(trpcCalls(requests)).toEqual([]);
});

test('what is too large shows the reason', async () => {
  const { body, send, expectProblem } = await openEcho();
  expectProblem(/^413: POST \/api\/trpc\/echo\.body/);
  await send(JSON.stringify('x'.repeat(70_000)));
  const { reason } = await readFailure(body.getByRole('alert'));
  expect(reason).toBe('payload_too_large');
});

test('echo.request is there with the page, and again from the browser', async () => {
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
