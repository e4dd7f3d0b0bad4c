import { Agent, fetch } from 'undici';

type RequestSpec = {
  method?: 'GET' | 'POST';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Expected statuses outside faults. */
  expected: readonly number[];
  /** Calls an upstream, so it can also fail during a fault. */
  upstream?: boolean;
  /** The client disconnects once the response begins. */
  disconnects?: boolean;
};

export type Outcome = { isExpected: boolean; status: number; path: string; milliseconds: number };

const megabyte = '/api/raw/store/files/synthetic-1000000.bin';
/** Statuses during an upstream fault: invalid response, overload, timeout. */
const faultStatuses = [502, 503, 504];

const trpc = (path: string, json: unknown, spec: Partial<RequestSpec> = {}): RequestSpec => ({
  method: 'POST',
  path: `/api/trpc/${path}`,
  body: { json },
  expected: [200],
  ...spec,
});

/** Matches the line with the number in the text of each mail. */
export const mailNumber = /^Number (\d+) of many\.$/m;

/** Milliseconds. Short, so that the number of open connections reflects the running requests. */
const keepAliveTimeout = 1_000;

/** Creates a mix of all kinds of requests, in proportions that are plausible for a site. */
export function createTraffic(random: () => number) {
  /** One of a thousand visitors: each alone may have only a few calls of other backends and pages at a time. */
  const visitor = () => `10.202.${randomInt(4)}.${randomInt(250)}`;
  const agent = new Agent({ keepAliveTimeout, keepAliveMaxTimeout: keepAliveTimeout });
  const randomInt = (count: number) => Math.floor(random() * count);
  let mails = 0;
  let etag = '';

  const kinds: readonly (readonly [share: number, create: () => RequestSpec])[] = [
    [30, () => trpc('fixture.body', { n: randomInt(1_000), at: 'somewhere' })],
    [10, () => ({ path: '/api/trpc/fixture.request', expected: [200] })],
    [20, () => trpc('fixture.reading', { lat: 40 + randomInt(20), lng: 10 }, { upstream: true })],
    [6, () => trpc('fixture.reading', { lat: randomInt(90), lng: randomInt(180) }, { upstream: true })],
    [
      12,
      () => ({
        path: '/rss.xml',
        headers: randomInt(2) ? { 'if-none-match': etag } : {},
        expected: [200, 304],
      }),
    ],
    [2, () => ({ path: '/llms.txt', expected: [200] })],
    [5, () => ({ path: '/docs', expected: [200] })],
    [3, () => ({ path: '/docs/fixture.body', expected: [200] })],
    [2, () => trpc('fixture.reading', { lat: 'north' }, { expected: [400] })],
    [2, () => trpc('fixture.nothing', 1, { expected: [404] })],
    // A 503 is expected when more downloads run than streams are allowed.
    [2, () => ({ path: megabyte, expected: [200, 503] })],
    [2, () => ({ path: megabyte, expected: [200, 503], disconnects: true })],
    [
      4,
      () => {
        mails += 1;
        const email = `visitor-${mails}@visitor.example`;
        return trpc('email.send', { email, contents: `Number ${mails} of many.` });
      },
    ],
  ];
  const shares = kinds.reduce((sum, [share]) => sum + share, 0);

  function next(): RequestSpec {
    let remaining = random() * shares;
    const kind = kinds.find(([share]) => {
      remaining -= share;
      return remaining < 0;
    });
    return kind?.[1]() ?? { path: '/healthz', expected: [200] };
  }

  return {
    mailsSent: () => mails,
    /** Closes the connections of the callers. */
    close: () => agent.close(),
    /** Sends one request; never rejects. */
    async send(baseUrl: string, upstreamBroken: () => boolean): Promise<Outcome> {
      const spec = next();
      const startedAt = performance.now();
      const brokenBefore = upstreamBroken();
      const headers = { ...spec.headers, 'x-forwarded-for': visitor() };
      const status = await fetchStatus(agent, baseUrl, { ...spec, headers }, (tag) => {
        etag = tag;
      });
      const isAllowed = spec.upstream && (brokenBefore || upstreamBroken()) && faultStatuses.includes(status);
      return {
        isExpected: isAllowed || spec.expected.includes(status),
        status,
        path: spec.path,
        milliseconds: performance.now() - startedAt,
      };
    },
  };
}

/** Sends a request and returns its status, or 0 without a response. */
async function fetchStatus(
  dispatcher: Agent,
  baseUrl: string,
  spec: RequestSpec,
  onEtag: (tag: string) => void,
): Promise<number> {
  const { method = 'GET', path, body, headers = {}, disconnects = false } = spec;
  const client = new AbortController();
  try {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      dispatcher,
      signal: client.signal,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (disconnects) {
      client.abort();
      return response.status;
    }
    await response.arrayBuffer();
    if (path === '/rss.xml') onEtag(response.headers.get('etag') ?? '');
    return response.status;
  } catch {
    return 0;
  }
}
