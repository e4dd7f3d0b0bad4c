import { beforeAll, describe, expect, test, vi } from 'vitest';
import { withBrowser } from './support/browser.ts';
import { backgroundLuminance, sidewaysOverflow } from './support/layout.ts';
import { screenshot } from './support/screenshot.ts';
import { headed, hydrated, reads } from './support/wait.ts';

const { visit, product } = withBrowser();

const pages = [
  ['start', '/'],
  ['weather', '/weather'],
  ['contact', '/contact'],
  ['echo', '/echo'],
  ['proxy', '/proxy'],
  ['feeds', '/feeds'],
  ['posts', '/posts'],
  ['post', '/posts/one-typed-door'],
  ['inbox', '/inbox'],
  ['status', '/status'],
] as const;
const longWord = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(3);
let messagePath = '';

beforeAll(async () => {
  const form = {
    email: 'ada@example.org',
    name: longWord.slice(0, 100),
    subject: longWord,
    contents: longWord,
  };
  const answer = await fetch(`${product().baseUrl}/contact/send`, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
  });
  const id = /mail=([^&]+)$/.exec(answer.headers.get('location') ?? '')?.[1];
  messagePath = `/inbox/${id}`;
  await vi.waitFor(
    async () => {
      const message = await fetch(`${product().baseUrl}${messagePath}`);
      if (!(await message.text()).includes('Message-ID')) throw new Error('the mail has not arrived');
    },
    { timeout: 10_000, interval: 100 },
  );
});

describe.each([320, 768, 1440])('%i px wide', (width) => {
  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    const look = { viewport: { width, height: 900 }, colorScheme };
    const shot = (name: string) => `layout-${name}-${width}-${colorScheme}`;

    test('no page scrolls sideways', async () => {
      const { page } = await visit(look);
      const overflows: Record<string, string[]> = {};
      for (const [name, path] of [...pages, ['message', messagePath] as const]) {
        await page.goto(path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        const overflow = await sidewaysOverflow(page);
        if (overflow.length > 0) overflows[path.replace(messagePath, '/inbox/[id]')] = overflow;
        await screenshot(page, shot(name));
      }
      expect(overflows).toEqual({});
      const luminance = await backgroundLuminance(page);
      if (colorScheme === 'dark') expect(luminance).toBeLessThan(0.05);
      else expect(luminance).toBeGreaterThan(0.9);
    });

    test('nor does the 404', async () => {
      const { page, expectProblem } = await visit(look);
      expectProblem(/^404: GET \/no-such-page/);
      await page.goto('/no-such-page');
      await headed(page, 'There is nothing here');
      expect(await sidewaysOverflow(page)).toEqual([]);
      await screenshot(page, shot('404'));
    });

    test('nor do long answers', async () => {
      const { page } = await visit(look);
      await page.goto('/echo');
      const send = page.getByRole('button', { name: 'Send', exact: true });
      await hydrated(send);
      await page.getByLabel('JSON to send').fill(JSON.stringify({ word: longWord }));
      await send.click();
      await reads(page.getByRole('region', { name: 'echo.body' }).locator('pre'), longWord);
      expect(await sidewaysOverflow(page)).toEqual([]);
      await page.goto('/proxy');
      const card = page.getByRole('listitem').filter({ hasText: 'proxy.github.renderMarkdown' });
      await hydrated(card.getByRole('button', { name: 'Call' }));
      await card.getByLabel('body.text').fill(longWord);
      await card.getByRole('button', { name: 'Call' }).click();
      await reads(card.locator('pre'), longWord);
      expect(await sidewaysOverflow(page)).toEqual([]);
      await screenshot(page, shot('answers'));
    });

    test('nor does a failure', async () => {
      const { page, expectProblem } = await visit(look);
      expectProblem(/^[45]\d\d: POST /);
      await page.goto('/proxy');
      const card = page.getByRole('listitem').filter({ hasText: 'proxy.github.repository' });
      await hydrated(card.getByRole('button', { name: 'Call' }));
      await card.getByLabel('params.repo').fill('no-such-repository');
      await card.getByRole('button', { name: 'Call' }).click();
      await card.getByRole('alert').waitFor();
      expect(await sidewaysOverflow(page)).toEqual([]);
      await screenshot(page, shot('failure'));
    });
  });
});
