import { describe, expect, test } from 'vitest';
import { respondOk, startRawServer } from './raw-server.ts';
import { clientOf, failureOf, upstreamAt } from './support.ts';

describe('input', () => {
  test('that does not match the declaration is rejected with field errors before a request is sent', async () => {
    const { url, heads } = await startRawServer(respondOk);
    const upstream = upstreamAt(url);
    const client = clientOf();
    const { thing, create } = upstream.endpoints;
    const failures = await Promise.all([
      failureOf(client.request(upstream, thing, { params: { id: 1, part: 'p' } })),
      failureOf(client.request(upstream, thing, { params: { id: 'i', part: 'p' }, query: { n: 'many' } })),
      failureOf(client.request(upstream, create, { body: { name: '' } })),
      failureOf(client.request(upstream, create, {})),
    ]);
    expect(failures.map(({ reason }) => reason)).toEqual(Array(4).fill('invalid_input'));
    expect(failures.map(({ fieldErrors }) => Object.keys(fieldErrors ?? {}))).toEqual([
      ['params.id'],
      ['query.n'],
      ['body.name'],
      ['body'],
    ]);
    expect(heads).toEqual([]);
  });
});
