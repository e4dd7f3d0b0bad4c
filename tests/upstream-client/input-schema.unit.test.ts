import { expect, test } from 'vitest';
import { z } from 'zod';
import { examplesOf } from '#server/lib/json-schema.ts';
import type { CallEndpoint, RawEndpoint } from '#server/upstream-client/endpoint.ts';
import { inputSchemaOf } from '#server/upstream-client/input-schema.ts';

const plain: CallEndpoint = {
  method: 'POST',
  template: '/things',
  summary: 'Things',
  description: 'All of them.',
  answer: { kind: 'json', schema: z.unknown() },
  example: { made: 'up' },
};
const parts = {
  params: z.object({ id: z.string() }),
  query: z.object({ q: z.string() }),
  body: z.object({ name: z.string() }),
};
const values = { params: { id: '1' }, query: { q: 'x' }, body: { name: 'a' } };

test.each(['params', 'query', 'body'] as const)(
  'the input has %s exactly if the endpoint declares it',
  (part) => {
    const schema = inputSchemaOf({ ...plain, [part]: parts[part] });
    expect(schema.safeParse({ [part]: values[part] }).data).toEqual({ [part]: values[part] });
    expect(schema.safeParse({}).success).toBe(false);
    expect(inputSchemaOf(plain).safeParse({ [part]: values[part] }).success).toBe(false);
  },
);

test('an endpoint that declares nothing has an empty input', () => {
  const raw: RawEndpoint = { ...plain, answer: { kind: 'raw', mediaTypes: ['*/*'], fileName: 'x' } };
  for (const endpoint of [plain, raw]) expect(inputSchemaOf(endpoint).safeParse({}).success).toBe(true);
});

test('the input has the example of the declaration', () => {
  expect(examplesOf(inputSchemaOf(plain))).toEqual([plain.example]);
});
