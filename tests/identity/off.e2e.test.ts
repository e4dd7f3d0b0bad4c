import { expect, test } from 'vitest';
import { sharedProduct } from '#tests/support/shared.ts';

test.each(['/account/end-others', '/account/end-session', '/account/unlink'])(
  'without a provider there is no %s',
  async (path) => {
    const { baseUrl } = await sharedProduct();
    const response = await fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { origin: baseUrl },
      body: new URLSearchParams({ id: 'x' }),
      redirect: 'manual',
    });
    expect(response.status).toBe(404);
  },
);
