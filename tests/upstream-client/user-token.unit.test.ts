import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { parseEnv } from '#server/config/env.ts';
import { DeclarationError, defineUpstream } from '#server/upstream-client/declaration.ts';
import type { Upstream } from '#server/upstream-client/endpoint.ts';
import type { SharedCache } from '#server/upstream-client/response-cache.ts';
import { type CallUser, type TokenTarget, tokenTargetsOf } from '#server/upstream-client/user-token.ts';
import { listenOnLoopback } from '#tests/support/upstreams/loopback.ts';
import { clientOf, failureOf } from './support.ts';

const target: TokenTarget = { parameter: 'resource', value: 'https://notes.example', scopes: ['notes:read'] };

/** A user whose tokens are numbered. */
function userOf(id: string) {
  let issued = 0;
  const asked: (string | undefined)[] = [];
  const user: CallUser = {
    id,
    accessToken: async (_, { refused } = {}) => {
      asked.push(refused);
      if (refused !== undefined || issued === 0) issued += 1;
      return `${id}-${issued}`;
    },
  };
  return { user, asked };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const ok: Answer = (_, response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end('{}');

/** Starts a backend and declares it. `answers` are used in order, the last one from then on. */
async function backend(...answers: Answer[]) {
  const seen: { authorization: string | undefined; cookie: string | undefined }[] = [];
  const { url, close } = await listenOnLoopback(async (request, response) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    const { authorization, cookie } = request.headers;
    seen.push({ authorization, cookie });
    request.resume();
    (answer ?? ok)(request, response);
  });
  onTestFinished(close);
  const common = { summary: 'Notes', description: 'The notes.', example: {} } as const;
  const answer = { kind: 'json', schema: z.object({ ok: z.boolean() }) } as const;
  const upstream = defineUpstream({
    name: 'notes',
    title: 'Notes',
    origin: () => url,
    userToken: () => target,
    limits: { connections: 8 },
    endpoints: {
      list: { ...common, method: 'GET', template: '/notes', answer },
      cached: {
        ...common,
        method: 'GET',
        template: '/cached',
        answer,
        cache: { freshFor: 60_000, staleIfErrorFor: 60_000 },
      },
      add: { ...common, method: 'POST', template: '/notes', answer, body: z.object({ text: z.string() }) },
      open: { ...common, method: 'GET', template: '/open', anonymous: true, answer },
      download: {
        ...common,
        method: 'GET',
        template: '/file',
        answer: { kind: 'raw', mediaTypes: ['application/json'], fileName: 'notes.json' },
      },
      upload: {
        ...common,
        method: 'PUT',
        template: '/file',
        upload: { mediaTypes: ['application/json'] },
        answer: { kind: 'raw', mediaTypes: ['application/json'], fileName: 'notes.json' },
      },
    },
  });
  return {
    upstream,
    endpoints: upstream.endpoints,
    seen,
    tokens: () => seen.map(({ authorization }) => authorization),
  };
}

describe('a call on behalf of a user', () => {
  test('carries the token of the user, and nothing of the caller', async () => {
    const { upstream, endpoints, seen } = await backend(ok);
    const { user } = userOf('ada');
    const header = (name: string) => (name === 'cookie' ? 'session=secret' : 'Bearer of-the-caller');
    await clientOf().request(upstream, endpoints.list, { user, header });
    expect(seen).toEqual([{ authorization: 'Bearer ada-1', cookie: undefined }]);
  });

  test('without a user is rejected, and nothing is sent', async () => {
    const { upstream, endpoints, seen } = await backend(ok);
    const client = clientOf();
    for (const endpoint of [endpoints.list, endpoints.cached]) {
      expect((await failureOf(client.request(upstream, endpoint, {}))).reason).toBe('sign_in_required');
    }
    expect(seen).toEqual([]);
  });

  test('of an anonymous endpoint carries no token', async () => {
    const { upstream, endpoints, tokens } = await backend(ok);
    await clientOf().request(upstream, endpoints.open, { user: userOf('ada').user });
    expect(tokens()).toEqual([undefined]);
  });

  test.each(['list', 'add'] as const)(
    'of %s is sent once more with a new token after a 401',
    async (name) => {
      const { upstream, endpoints, tokens } = await backend(status(401), ok);
      const { user, asked } = userOf('ada');
      const call = name === 'add' ? { body: { text: 'x' }, user } : { user };
      expect((await clientOf().request(upstream, endpoints[name], call)).data).toEqual({ ok: true });
      expect(tokens()).toEqual(['Bearer ada-1', 'Bearer ada-2']);
      expect(asked).toEqual([undefined, 'ada-1']);
    },
  );

  test.each([
    [401, 'reauthentication_required', 2],
    [403, 'forbidden', 1],
  ])(
    'that the backend refuses with %i fails with %s, and the circuit stays closed',
    async (code, reason, sent) => {
      const { upstream, endpoints, seen } = await backend(status(code));
      const client = clientOf({}, { upstreams: [upstream] });
      for (let calls = 1; calls <= 12; calls += 1) {
        const failure = await failureOf(
          client.request(upstream, endpoints.list, { user: userOf('ada').user }),
        );
        expect(failure.reason).toBe(reason);
      }
      expect(seen).toHaveLength(12 * sent);
      expect(client.status()).toMatchObject([{ breaker: 'closed' }]);
    },
  );

  test('gets a token for each attempt', async () => {
    const { upstream, endpoints } = await backend(status(500), ok);
    const { user, asked } = userOf('ada');
    await clientOf().request(upstream, endpoints.list, { user });
    expect(asked).toEqual([undefined, undefined]);
  });

  test('whose token cannot be got fails with the reason of that', async () => {
    const { upstream, endpoints, seen } = await backend(ok);
    const accessToken = () => Promise.reject(new TypeError('unforeseen'));
    await expect(
      clientOf().request(upstream, endpoints.list, { user: { id: 'ada', accessToken } }),
    ).rejects.toThrow('unforeseen');
    expect(seen).toEqual([]);
  });

  test('does not take the token to another origin by a redirect', async () => {
    const other = await backend(ok);
    const location = `${other.upstream.origin()}/notes`;
    const { upstream, endpoints } = await backend(status(302, { location }));
    await failureOf(clientOf().request(upstream, endpoints.list, { user: userOf('ada').user }));
    expect(other.seen).toEqual([]);
  });

  test('is throttled alone: the calls of other users go on', async () => {
    const { upstream, endpoints, tokens } = await backend((request, response) =>
      (request.headers.authorization === 'Bearer ada-1' ? status(429, { 'retry-after': '60' }) : ok)(
        request,
        response,
      ),
    );
    const client = clientOf();
    const [ada, bob] = [userOf('ada').user, userOf('bob').user];
    for (let calls = 1; calls <= 2; calls += 1) {
      const failure = await failureOf(client.request(upstream, endpoints.list, { user: ada }));
      expect([failure.reason, failure.retryAfterSeconds]).toEqual(['upstream_overloaded', 60]);
    }
    await client.request(upstream, endpoints.list, { user: bob });
    expect(tokens()).toEqual(['Bearer ada-1', 'Bearer bob-1']);
  });

  test('takes at most a quarter of the connections with the others of the same user', async () => {
    const held: (() => void)[] = [];
    const { upstream, endpoints, tokens } = await backend((request, response) => {
      if (request.headers.authorization === 'Bearer bob-1') ok(request, response);
      else held.push(() => ok(request, response));
    });
    const client = clientOf();
    const ada = userOf('ada').user;
    const calls = Array.from({ length: 18 }, () => client.request(upstream, endpoints.list, { user: ada }));
    await vi.waitFor(() => expect(held).toHaveLength(2));
    expect((await failureOf(client.request(upstream, endpoints.list, { user: ada }))).reason).toBe(
      'upstream_overloaded',
    );
    await client.request(upstream, endpoints.list, { user: userOf('bob').user });
    expect(tokens().filter((token) => token === 'Bearer ada-1')).toHaveLength(2);
    for (let answered = 0; answered < 18; answered += 1) {
      await vi.waitFor(() => expect(held.length).toBeGreaterThan(answered));
      held[answered]?.();
    }
    await Promise.all(calls);
  });
});

describe('the cached response of a user', () => {
  test('is for that user alone, and outlives the token', async () => {
    const { upstream, endpoints, tokens } = await backend(ok);
    const client = clientOf();
    const [ada, bob] = [userOf('ada').user, userOf('bob').user];
    const get = async (user: CallUser) => (await client.request(upstream, endpoints.cached, { user })).cache;
    expect([await get(ada), await get(ada), await get(bob), await get(bob)]).toEqual([
      'miss',
      'hit',
      'miss',
      'hit',
    ]);
    await ada.accessToken(target, { refused: 'ada-1' });
    expect(await get(ada)).toBe('hit');
    expect(tokens()).toEqual(['Bearer ada-1', 'Bearer bob-1']);
  });

  test('is never shared with other instances', async () => {
    const { upstream, endpoints } = await backend(ok);
    const shared: SharedCache = {
      read: vi.fn(),
      write: vi.fn(),
      remove: vi.fn(),
      acquireLock: vi.fn(),
    };
    await clientOf({}, { shared }).request(upstream, endpoints.cached, { user: userOf('ada').user });
    for (const method of Object.values(shared)) expect(method).not.toHaveBeenCalled();
  });

  test('is not shared by calls at the same time of two users', async () => {
    const { upstream, endpoints, tokens } = await backend(ok);
    const client = clientOf();
    await Promise.all(
      ['ada', 'bob', 'ada'].map((id) =>
        client.request(upstream, endpoints.cached, { user: userOf(id).user }),
      ),
    );
    expect(tokens().toSorted()).toEqual(['Bearer ada-1', 'Bearer bob-1']);
  });
});

describe('a stream on behalf of a user', () => {
  const signal = new AbortController().signal;

  test('carries the token, and is asked for again after a 401', async () => {
    const { upstream, endpoints, tokens } = await backend(status(401), ok);
    const { user } = userOf('ada');
    const response = await clientOf().stream(upstream, endpoints.download, { method: 'GET', user, signal });
    response.body?.resume();
    expect(response.status).toBe(200);
    expect(tokens()).toEqual(['Bearer ada-1', 'Bearer ada-2']);
  });

  test('with an upload is not sent again, but the next one has a new token', async () => {
    const { upstream, endpoints, tokens } = await backend(status(401), ok);
    const { user, asked } = userOf('ada');
    const client = clientOf();
    const put = () =>
      client.stream(upstream, endpoints.upload, {
        method: 'PUT',
        user,
        signal,
        upload: {
          contentType: 'application/json',
          length: 2,
          body: (async function* () {
            yield Buffer.from('{}');
          })(),
        },
      });
    expect((await failureOf(put())).reason).toBe('reauthentication_required');
    expect(asked).toEqual([undefined, 'ada-1']);
    (await put()).body?.resume();
    expect(tokens()).toEqual(['Bearer ada-1', 'Bearer ada-2']);
  });

  test('needs a user', async () => {
    const { upstream, endpoints, seen } = await backend(ok);
    const call = clientOf().stream(upstream, endpoints.download, { method: 'GET', signal });
    expect((await failureOf(call)).reason).toBe('sign_in_required');
    expect(seen).toEqual([]);
  });
});

describe('a declaration with tokens of users', () => {
  const list = {
    method: 'GET',
    template: '/notes',
    summary: 'Notes',
    description: 'The notes.',
    answer: { kind: 'json', schema: z.object({}) },
    example: {},
  } as const;
  const declare = (change: Partial<Upstream>) => () =>
    defineUpstream({
      name: 'notes',
      title: 'Notes',
      origin: () => 'https://notes.example',
      userToken: () => target,
      endpoints: { list },
      ...change,
    });

  test.each<[string, Partial<Upstream>]>([
    ['a credential of this server', { credential: { header: 'x-key', value: () => 'x' } }],
    ['the header of the token', { headers: { authorization: 'x' } }],
    ['an endpoint for the public', { endpoints: { list: { ...list, public: true } } }],
    ['an endpoint for services', { endpoints: { list: { ...list, public: false } } }],
    [
      'the header of the token from the caller',
      { endpoints: { list: { ...list, requestHeaders: ['authorization'] } } },
    ],
    [
      'a public cache',
      { endpoints: { list: { ...list, cache: { freshFor: 1, staleIfErrorFor: 1, scope: 'public' } } } },
    ],
    [
      'files for public caches',
      {
        endpoints: {
          list: { ...list, answer: { kind: 'raw', mediaTypes: ['text/csv'], fileName: 'x', publicFor: 1 } },
        },
      },
    ],
  ])('and %s stops the start', (_, change) => {
    expect(declare(change)).toThrow(DeclarationError);
  });

  test('may have a public cache at an anonymous endpoint', () => {
    const cache = { freshFor: 1, staleIfErrorFor: 1, scope: 'public' } as const;
    expect(declare({ endpoints: { list: { ...list, anonymous: true, cache } } })).not.toThrow();
  });

  test.each([
    ['https://notes.example', [target]],
    ['http://127.0.0.1:4000', [target]],
    ['http://localhost:4000', [target]],
    [undefined, []],
  ])('at %s gives its target', (origin, targets) => {
    expect(tokenTargetsOf([declare({ origin: () => origin })()], parseEnv({}))).toEqual(targets);
  });

  test('without encryption stops the start', () => {
    const upstream = declare({ origin: () => 'http://notes.example' })();
    expect(() => tokenTargetsOf([upstream], parseEnv({}))).toThrow(
      /notes: access tokens of users need https/,
    );
  });

  test('and without them has no target', () => {
    const { userToken: _, ...upstream } = declare({})();
    expect(tokenTargetsOf([upstream], parseEnv({}))).toEqual([]);
  });
});
