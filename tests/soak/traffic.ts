import { Agent, fetch } from 'undici';

type Asked = {
  method?: 'GET' | 'POST';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Statuses that are right when nothing is broken. */
  right: readonly number[];
  /** Calls an upstream, which may be broken at the moment. */
  upstream?: boolean;
  /** The caller goes away once the answer begins. */
  leaves?: boolean;
};

export type Outcome = { right: boolean; status: number; path: string; milliseconds: number };

const megabyte = '/api/raw/files/files/synthetic-1000000.bin';
/** While an upstream is broken: a bad answer, none in time, too many at once. */
const brokenUpstream = [502, 503, 504];

const trpc = (path: string, json: unknown, asked: Partial<Asked> = {}): Asked => ({
  method: 'POST',
  path: `/api/trpc/${path}`,
  body: { json },
  right: [200],
  ...asked,
});

/** In the text of each mail. */
export const mailNumber = /^Number (\d+) of many\.$/m;

/** Milliseconds for which a caller keeps a connection that it does not use: what is open then tells of what runs. */
const connectionKept = 1_000;

/** A bit of everything, in the shares that a site might see. */
export function createTraffic(random: () => number) {
  const callers = new Agent({ keepAliveTimeout: connectionKept, keepAliveMaxTimeout: connectionKept });
  const drawn = (count: number) => Math.floor(random() * count);
  let mails = 0;
  let etag = '';

  const kinds: readonly (readonly [share: number, ask: () => Asked])[] = [
    [30, () => trpc('echo.body', { n: drawn(1_000), at: 'somewhere' })],
    [10, () => ({ path: '/api/trpc/echo.request', right: [200] })],
    [20, () => trpc('weather.forecast', { lat: 40 + drawn(20), lng: 10 }, { upstream: true })],
    [6, () => trpc('weather.forecast', { lat: drawn(90), lng: drawn(180) }, { upstream: true })],
    [12, () => ({ path: '/rss.xml', headers: drawn(2) ? { 'if-none-match': etag } : {}, right: [200, 304] })],
    [2, () => ({ path: '/llms.txt', right: [200] })],
    [5, () => ({ path: '/posts', right: [200] })],
    [3, () => ({ path: '/docs/echo.body', right: [200] })],
    [2, () => trpc('weather.forecast', { lat: 'north' }, { right: [400] })],
    [2, () => trpc('echo.nothing', 1, { right: [404] })],
    // More at one time than there are streams are told to come again.
    [2, () => ({ path: megabyte, right: [200, 503] })],
    [2, () => ({ path: megabyte, right: [200, 503], leaves: true })],
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

  function next(): Asked {
    let left = random() * shares;
    const kind = kinds.find(([share]) => {
      left -= share;
      return left < 0;
    });
    return kind?.[1]() ?? { path: '/healthz', right: [200] };
  }

  return {
    mailsSent: () => mails,
    /** Closes the callers' connections. */
    leave: () => callers.close(),
    /** Sends one request; never rejects. */
    async send(baseUrl: string, upstreamBroken: () => boolean): Promise<Outcome> {
      const asked = next();
      const startedAt = performance.now();
      const brokenBefore = upstreamBroken();
      const status = await answerOf(callers, baseUrl, asked, (tag) => {
        etag = tag;
      });
      const excused = asked.upstream && (brokenBefore || upstreamBroken()) && brokenUpstream.includes(status);
      return {
        right: excused || asked.right.includes(status),
        status,
        path: asked.path,
        milliseconds: performance.now() - startedAt,
      };
    },
  };
}

/** 0 when there was no answer. */
async function answerOf(
  dispatcher: Agent,
  baseUrl: string,
  asked: Asked,
  keepEtag: (tag: string) => void,
): Promise<number> {
  const { method = 'GET', path, body, headers = {}, leaves = false } = asked;
  const caller = new AbortController();
  try {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      dispatcher,
      signal: caller.signal,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (leaves) {
      caller.abort();
      return response.status;
    }
    await response.arrayBuffer();
    if (path === '/rss.xml') keepEtag(response.headers.get('etag') ?? '');
    return response.status;
  } catch {
    return 0;
  }
}
