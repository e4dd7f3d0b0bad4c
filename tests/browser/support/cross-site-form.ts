import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import { test, withBrowser } from './browser.ts';

/** Serves a page with a form, as a page of another site. */
async function foreignPage(action: string, fields: Record<string, string>): Promise<string> {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
  const html = `<!doctype html><title>Foreign</title><link rel="icon" href="data:,"><form method="post" action="${action}">${inputs.join('')}<button>Go</button></form>`;
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}/`;
}

/** Declares the test of a route that takes a posted form: a browser cannot post that of another site. */
export function testCrossSiteForm(path: string, fields: Record<string, string>): void {
  const { visit, product } = withBrowser();

  test('gets a 403 and no cookie', async () => {
    const { page, expectProblem } = await visit();
    expectProblem(/403/);
    expectProblem(/^request to another host/);
    await page.goto(await foreignPage(`${product().baseUrl}${path}`, fields));
    const [response] = await Promise.all([page.waitForResponse(`**${path}`), page.click('button')]);
    expect(response.status()).toBe(403);
    expect(await response.headerValue('set-cookie')).toBeNull();
    expect(await response.request().headerValue('origin')).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });
}
