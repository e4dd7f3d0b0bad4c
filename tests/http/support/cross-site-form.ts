import { expect, test } from 'vitest';
import { expectError } from '#tests/support/call.ts';
import { sharedProduct } from '#tests/support/shared.ts';

/** Declares the tests of a route that takes a posted form: it accepts forms of this site only. */
export function testCrossSiteForm(path: string, fields: Record<string, string>): void {
  async function submit(headers: Record<string, string>): Promise<Response> {
    const { baseUrl } = await sharedProduct();
    return fetch(`${baseUrl}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
      redirect: 'manual',
    });
  }

  test.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'none' },
  ])('by a page of another site (%j) is rejected', async (headers) => {
    const response = await submit(headers);
    expect(response.headers.has('set-cookie')).toBe(false);
    await expectError(response, { reason: 'cross_origin', path });
  });

  test('by a page of this site is accepted', async () => {
    const { origin } = new URL((await sharedProduct()).baseUrl);
    expect((await submit({ origin, 'sec-fetch-site': 'same-origin' })).status).toBe(303);
  });
}
