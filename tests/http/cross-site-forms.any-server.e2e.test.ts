import { describe, expect, test } from 'vitest';
import { expectError } from '#tests/support/call.ts';
import { sharedProduct } from '#tests/support/shared.ts';

const forms = {
  '/contact/send': { email: 'ada@visitor.example', contents: 'Hello' },
};

describe.each(Object.entries(forms))('a form posted to %s', (path, fields) => {
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
});
