import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { failureLine } from '#tests/support/log-lines.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';

describe('without any reachable upstream', () => {
  let product: Product;

  beforeAll(async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    product = await startProduct({
      OPEN_METEO_URL: url,
      OPEN_METEO_AIR_QUALITY_URL: url,
      OPEN_METEO_GEOCODING_URL: url,
    });
  });
  afterAll(() => product.close());

  /** Returns the HTML visible without JavaScript: the parts that React hides until a script runs are removed. */
  function visibleWithoutScripts(html: string): string {
    return html.replace(/<script\b[\s\S]*?<\/script>/g, '').replace(/<div hidden="" id="S:[\s\S]*$/, '');
  }

  test('the weather page shows the error, its reason and the request id without JavaScript', async () => {
    // On a busy machine the failure may be too late for the first HTML.
    const html = await vi.waitFor(
      async () => {
        const text = visibleWithoutScripts(await (await fetch(`${product.baseUrl}/weather`)).text());
        expect(text).toContain('Weather data is unavailable right now.');
        return text;
      },
      { timeout: 15_000, interval: 100 },
    );
    const [, reason, requestId = ''] =
      /Reason <code>([^<]+)<\/code>, request <code[^>]*>([^<]+)<\/code>/.exec(
        html.replaceAll('<!-- -->', ''),
      ) ?? [];
    expect(reason).toBe('upstream_unreachable');
    expect(await failureLine(product, requestId)).toMatchObject({ reason: 'upstream_unreachable' });
    expect(html).not.toContain('127.0.0.1');
  });
});
