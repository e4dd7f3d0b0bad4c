import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Endpoint } from '#server/upstream-client/endpoint.ts';
import { proxiedUpstreams } from '#server/upstreams/index.ts';

describe('the declared upstreams', () => {
  const endpoints = Object.values(proxiedUpstreams).flatMap((upstream) =>
    Object.entries<Endpoint>(upstream.endpoints).map(
      ([name, endpoint]) => [`${upstream.name}.${name}`, endpoint] as const,
    ),
  );

  test('have at least one endpoint', () => {
    expect(endpoints.length).toBeGreaterThan(0);
  });

  test.each(endpoints)('%s has a valid example', (_, endpoint) => {
    const example: { params?: unknown; query?: unknown; body?: unknown } = z
      .object({ params: z.unknown(), query: z.unknown(), body: z.unknown() })
      .partial()
      .strict()
      .parse(endpoint.example);
    for (const part of ['params', 'query', 'body'] as const) {
      const schema = part !== 'body' ? endpoint[part] : 'body' in endpoint ? endpoint.body : undefined;
      if (schema) expect(schema.safeParse(example[part])).toMatchObject({ success: true });
      else expect(example[part]).toBeUndefined();
    }
  });

  test.each(Object.entries(proxiedUpstreams))('%s is registered under its own name', (key, upstream) => {
    expect(upstream.name).toBe(key);
  });
});
