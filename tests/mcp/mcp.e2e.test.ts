import type { Client } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { newVisitor } from '#tests/rate-limit/calls.ts';
import { bearer, invalidToken, keys, sha256Of } from '#tests/rate-limit/keys.ts';
import { expectError, rawRequest } from '#tests/support/call.ts';
import { addSuccesses } from '#tests/support/healthy-history.ts';
import { failureLine } from '#tests/support/log-lines.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyScopes } from '#tests/support/proxy-key.ts';
import { connectMcp, type Era, readToolError, readToolText } from './mcp-client.ts';

let product: Product;
const openClients: Client[] = [];

beforeAll(async () => {
  product = await startProduct({
    TRUSTED_PROXY_HOPS: '1',
    RATE_LIMITS: 'light=30/60,upstream=1000/60,mail=5/3600',
    SERVICE_KEYS: `reader:${sha256Of(keys.reader)},writer:${sha256Of(keys.writer)}:mail+${proxyScopes}`,
    ALLOWED_ORIGINS: 'https://friend.example',
  });
});
afterAll(() => product.close());
afterEach(() => Promise.all(openClients.splice(0).map((client) => client.close())));

async function connect(era: Era, headers: Record<string, string> = newVisitor()): Promise<Client> {
  const client = await connectMcp(product, { era, headers });
  openClients.push(client);
  return client;
}

const toolNames = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name).sort();
const nameOf = (path: string) => path.replaceAll('.', '_');
/** Tools of the procedures that are not about the user of a browser. */
const pathsWhere = (wanted: (path: string, scope: string | undefined) => boolean) =>
  [...procedures.values()]
    .filter(({ type, meta }) => type !== 'subscription' && !meta.user && !meta.passive)
    .filter(({ path, meta }) => wanted(path, meta.scope))
    .map(({ path }) => nameOf(path))
    .sort();

const eras: Era[] = ['2026-07-28', 'before 2026-07-28'];
const berlin = { lat: 52.52, lng: 13.41, days: 1 };

describe.each(eras)('a client of revision %s', (era) => {
  test('without a key lists and calls the tools that only read', async () => {
    const client = await connect(era);
    expect(client.getServerVersion()).toMatchObject({ name: 'typed-bff' });
    expect(client.getInstructions()).toContain('ISO 8601');
    const { tools } = await client.listTools();
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true);
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['fixture_reading', 'proxy_status']),
    );
    expect(tools.find(({ name }) => name === 'fixture_request')).toMatchObject({
      title: 'Returns the request as the server received it',
      inputSchema: { type: 'object' },
      outputSchema: { type: 'object', required: expect.arrayContaining(['receivedAt']) },
      annotations: { readOnlyHint: true, openWorldHint: false },
    });
    const result = await client.callTool({ name: 'fixture_request', arguments: {} });
    expect(result.structuredContent).toEqual({
      method: 'POST',
      pathname: '/mcp',
      requestId: expect.any(String),
      userAgent: 'node',
      receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect(readToolText(result)).toEqual(result.structuredContent);
    const reading = await client.callTool({ name: 'fixture_reading', arguments: berlin });
    expect(reading.structuredContent).toMatchObject({ hourly: expect.any(Array), warnings: [] });
  });

  test('without a key cannot call any other tool, and no upstream is called', async () => {
    const client = await connect(era);
    const before = product.upstreams.items.requests.length;
    for (const [name, input] of [
      ['email_send', { email: 'ada@visitor.example', contents: 'Hello' }],
      ['fixture_body', { value: 1 }],
      ['mail_list', {}],
      ['proxy_items_render', { body: { text: 'a' } }],
    ] as const) {
      const { data } = readToolError(await client.callTool({ name, arguments: input }));
      expect(data, name).toMatchObject({ reason: 'unauthorized', httpStatus: 401 });
    }
    expect(product.upstreams.items.requests).toHaveLength(before);
  });

  test('with a key lists and calls the other tools, limited to the scopes of the key', async () => {
    const reader = await connect(era, bearer(keys.reader));
    expect(await toolNames(reader)).toEqual(pathsWhere((_, scope) => scope === undefined));
    const reading = await reader.callTool({ name: 'fixture_reading', arguments: berlin });
    expect(reading.structuredContent).toMatchObject({ hourly: expect.any(Array), warnings: [] });
    const scoped = await reader.callTool({ name: 'mail_list', arguments: {} });
    expect(readToolError(scoped).data).toMatchObject({ reason: 'forbidden', httpStatus: 403 });

    const writer = await connect(era, bearer(keys.writer));
    expect(await toolNames(writer)).toEqual(pathsWhere(() => true));
    const mails = await writer.callTool({ name: 'mail_list', arguments: { limit: 1 } });
    expect(mails.structuredContent).toMatchObject({ mails: [], counts: {} });
  });

  test("calls every tool that has an example, and each result matches the tool's schema", async () => {
    const client = await connect(era, bearer(keys.writer));
    const { tools } = await client.listTools();
    const called = tools.flatMap(({ name, inputSchema }) =>
      Array.isArray(inputSchema.examples) ? [{ name, input: inputSchema.examples[0] }] : [],
    );
    expect(called.map(({ name }) => name)).toContain('proxy_items_versions');
    for (const { name, input } of called) {
      // The client validates the result against the tool's output schema.
      const result = await client.callTool({ name, arguments: input });
      if (result.isError) expect(readToolError(result).data.reason, name).toBe('not_found');
      else expect(result.structuredContent, name).toBeDefined();
    }
  });

  test('gets field errors for invalid input', async () => {
    const client = await connect(era, bearer(keys.reader));
    const input = { lat: 91, lng: 'east' };
    const { message, data } = readToolError(
      await client.callTool({ name: 'fixture_reading', arguments: input }),
    );
    expect(message).toBe('The input is not valid.');
    expect(data).toMatchObject({ reason: 'invalid_input', path: 'fixture.reading' });
    expect(Object.keys(data.fieldErrors ?? {})).toEqual(['lat', 'lng']);
  });

  test('gets only the reason of an upstream failure; the log has the cause under the request id', async () => {
    const client = await connect(era, bearer(keys.reader));
    await addSuccesses(product, 'proxy.items.render');
    product.upstreams.items.fault({ kind: 'status', status: 500, body: 'db-7.internal is down' });
    try {
      const input = { params: { owner: 'trpc', repo: `fails-${era.length}` } };
      const result = await client.callTool({ name: 'proxy_items_item', arguments: input });
      const { message, data } = readToolError(result);
      expect(message).toBe('A service we depend on sent an unusable response.');
      expect(data.reason).toBe('upstream_bad_answer');
      expect(JSON.stringify(result.content)).not.toMatch(/db-7|127\.0\.0\.1|localhost|at .*\.ts/);
      expect(await failureLine(product, data.requestId)).toMatchObject({ reason: 'upstream_bad_answer' });
    } finally {
      product.upstreams.items.fault(undefined);
    }
  });

  test('shares the rate limit with HTTP calls and gets a retry time', async () => {
    const visitor = newVisitor();
    const client = await connect(era, visitor);
    for (let call = 0; call < 30; call += 1) {
      const result = await client.callTool({ name: 'fixture_request', arguments: {} });
      expect(result.isError).toBeFalsy();
    }
    const { data } = readToolError(await client.callTool({ name: 'fixture_request', arguments: {} }));
    expect(data.reason).toBe('rate_limited');
    expect(data.retryAfterSeconds).toBeGreaterThan(0);
    const byHttp = await fetch(`${product.baseUrl}/api/trpc/fixture.request`, { headers: visitor });
    await expectError(byHttp, { reason: 'rate_limited' });
  });

  test('gets a protocol error for an unknown tool', async () => {
    const client = await connect(era);
    for (const name of ['nothing', 'constructor', 'fixture.request', '__proto__']) {
      await expect(client.callTool({ name, arguments: {} })).rejects.toThrow('Unknown tool.');
    }
  });

  test('cannot connect with an unknown key', async () => {
    await expect(connectMcp(product, { era, headers: bearer('wrong-key') })).rejects.toThrow();
  });
});

describe('inputs that are not a plain object', () => {
  test('an input that is not an object is passed as the argument "value"', async () => {
    const client = await connect('2026-07-28', bearer(keys.reader));
    for (const value of [{ a: [1, null] }, 'text', 7, null]) {
      const result = await client.callTool({ name: 'fixture_body', arguments: { value } });
      expect(result.structuredContent).toEqual({ res: value });
    }
  });

  test('an input that is nested too deeply is rejected', async () => {
    const client = await connect('2026-07-28', bearer(keys.reader));
    const value = JSON.parse('['.repeat(limits.inputDepth + 1) + ']'.repeat(limits.inputDepth + 1));
    const result = await client.callTool({ name: 'fixture_body', arguments: { value } });
    expect(readToolError(result).data.reason).toBe('invalid_input');
  });
});

const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
/** What every request of revision 2026-07-28 has. */
const modern = {
  headers: { 'mcp-protocol-version': '2026-07-28' },
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    },
  },
};
const listing = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

function send(body: unknown, headers: Record<string, string> = {}, method = 'POST') {
  return rawRequest(product, {
    method,
    path: '/mcp',
    headers: { ...json, ...newVisitor(), ...headers },
    ...(method === 'POST' ? { chunks: [typeof body === 'string' ? body : JSON.stringify(body)] } : {}),
  });
}

describe('an error response is sent to a request', () => {
  test.each(['https://evil.example', 'null', 'http://localhost.evil.example'])('from %s', async (origin) => {
    await expectError(await send(listing, { origin }), { reason: 'cross_origin', path: '/mcp' });
  });

  test('from another site according to Sec-Fetch-Site', async () => {
    await expectError(await send(listing, { 'sec-fetch-site': 'cross-site' }), { reason: 'cross_origin' });
  });

  test('with an unknown key, with a WWW-Authenticate challenge', async () => {
    const response = await send(listing, bearer('wrong-key'));
    expect(response.headers.get('www-authenticate')).toBe(invalidToken);
    await expectError(response, { reason: 'unauthorized', path: '/mcp' });
  });

  test('that exceeds the body limit without a content length', async () => {
    const large = { ...listing, params: { filler: 'x'.repeat(limits.jsonBodyBytes) } };
    await expectError(await send(large), { reason: 'payload_too_large', path: '/mcp' });
  });

  test.each(['GET', 'DELETE', 'PUT', 'PATCH'])('with the method %s', async (method) => {
    const response = await send(listing, {}, method);
    expect(response.headers.get('allow')).toBe('POST');
    await expectError(response, { reason: 'method_not_allowed', path: '/mcp' });
  });

  test.each(['text/plain', 'multipart/form-data; boundary=b', 'application/jsonp'])(
    'of type %s',
    async (type) => {
      await expectError(await send(listing, { 'content-type': type }), { reason: 'unsupported_media_type' });
    },
  );

  test('with a compressed body', async () => {
    const response = await send(listing, { 'content-encoding': 'gzip' });
    await expectError(response, { reason: 'unsupported_media_type' });
  });

  test.each(['', '{"jsonrpc":', 'nonsense'])('that is not JSON: %j', async (body) => {
    await expectError(await send(body), { reason: 'invalid_input', path: '/mcp' });
  });

  test('with more messages than a batch may have', async () => {
    const batch = Array.from({ length: limits.batchSize + 1 }, (_, id) => ({ ...listing, id }));
    await expectError(await send(batch), { reason: 'batch_too_large', path: '/mcp' });
  });
});

describe('a request', () => {
  test.each([
    {},
    { accept: '*/*' },
    { accept: 'application/json' },
    { accept: 'application/*;q=0.8' },
    { accept: 'text/event-stream' },
  ])('with the headers %j gets JSON', async (accept) => {
    for (const { headers, params } of [
      { headers: {}, params: {} },
      { headers: { ...modern.headers, 'mcp-method': 'tools/list' }, params: modern.params },
    ]) {
      const response = await rawRequest(product, {
        method: 'POST',
        path: '/mcp',
        headers: { 'content-type': 'application/json', ...newVisitor(), ...accept, ...headers },
        chunks: [JSON.stringify({ ...listing, params })],
      });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
      expect(await response.json()).toMatchObject({ result: { tools: expect.any(Array) } });
    }
  });

  test('from an allowed origin is served, and so is its preflight', async () => {
    const origin = 'https://friend.example';
    const preflight = await fetch(`${product.baseUrl}/mcp`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-headers': 'content-type,mcp-protocol-version' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('mcp-protocol-version');
    const response = await send(listing, { origin, 'sec-fetch-site': 'cross-site' });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
  });

  test('that is not a protocol message gets a JSON-RPC error', async () => {
    for (const body of [1, {}, { jsonrpc: '1.0' }, [1]]) {
      const response = await send(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } });
    }
  });

  test('for a subscription gets an immediate error, because the list of tools never changes', async () => {
    const response = await send(
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'subscriptions/listen',
        params: { ...modern.params, notifications: { toolsListChanged: true } },
      },
      { ...modern.headers, 'mcp-method': 'subscriptions/listen' },
    );
    expect(await response.json()).toMatchObject({ error: { code: -32603 } });
  });

  test('is one log line with its calls and its caller, and without key or input', async () => {
    const id = 'a-tool-call-1';
    const call = {
      ...listing,
      method: 'tools/call',
      params: { name: 'fixture_body', arguments: { value: 'hush' } },
    };
    const response = await send(call, { ...bearer(keys.reader), 'x-request-id': id });
    expect(response.headers.get('x-request-id')).toBe(id);
    expect(response.headers.get('cache-control')).toContain('no-store');
    expect(response.headers.get('ratelimit')).toContain('"light";r=');
    await expect.poll(() => product.log(), { timeout: 10_000 }).toContain(`"requestId":"${id}"`);
    const lines = product
      .log()
      .split('\n')
      .filter((line) => line.includes(id));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      method: 'POST',
      route: '/mcp',
      status: 200,
      caller: 'service:reader',
      calls: [{ id, procedure: 'fixture.body', outcome: 'ok' }],
    });
    expect(product.log()).not.toContain('hush');
  });
});
