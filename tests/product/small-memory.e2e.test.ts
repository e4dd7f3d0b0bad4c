import { expect, onTestFinished } from 'vitest';
import { fileUrl, repeated, upload } from '#tests/routes/raw-client.ts';
import { post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { has, testWith } from '#tests/support/skip.ts';
import { canLimitMemory, createSmallMemory } from '#tests/support/small-memory.ts';
import { startArguments } from '#tests/support/start-command.ts';
import { patternAt } from '#tests/support/upstreams/index.ts';

const test = testWith('root');

const mebibyte = 2 ** 20;
const transferred = 64 * mebibyte;
const paths = ['/', '/contact', '/status', '/docs/calling', '/docs/fixture.body', '/rss.xml'];
/** Success, limits, and on a slow machine the deadlines of readings. */
const expected = [200, 201, 429, 503, 504];

const from = (client: number) => ({ 'x-forwarded-for': `192.0.2.${client}` });
const times = (count: number, send: (at: number) => Promise<Response>) =>
  Array.from({ length: count }, (_, at) => send(at));

/** Sends everything of a round at the same time, and returns the statuses. */
async function sendRound(product: Product, round: number): Promise<number[]> {
  const { baseUrl } = product;
  const requests = [
    ...times(200, (at) => post(product, 'fixture.body', { text: 'x'.repeat(50_000) }, from(at % 20))),
    ...times(200, (at) =>
      post(product, 'fixture.reading', { lat: at % 89, lng: round + at / 2 }, from(at % 20)),
    ),
    ...times(10, (at) =>
      post(product, 'email.send', { email: `v${at}@visitor.example`, contents: 'x'.repeat(4_000) }, from(at)),
    ),
    ...paths.flatMap((path) => times(3, (at) => fetch(`${baseUrl}${path}`, { headers: from(at) }))),
    fetch(fileUrl(product, `synthetic-${transferred}.bin`), { headers: from(1) }),
    upload(product, 'large.bin', repeated(patternAt(0, mebibyte), transferred / mebibyte)),
  ];
  return Promise.all(
    requests.map(async (request) => {
      const response = await request;
      for await (const _ of response.body ?? []);
      return response.status;
    }),
  );
}

// In most containers root may not limit memory.
if (!has('root') || canLimitMemory()) {
  test('with 512 MB of memory, one worker serves a mixed load', {
    timeout: 120_000,
  }, async () => {
    const memory = createSmallMemory(512);
    onTestFinished(memory.close);
    const env = { WEB_CONCURRENCY: '', TRUSTED_PROXY_HOPS: '1' };
    const product = await startProduct(env, startArguments(), process.cwd(), memory.launcher);
    onTestFinished(() => product.close());
    expect(memory.processes()).toEqual([product.process.pid]);

    for (let round = 0; round < 2; round += 1) {
      const statuses = await sendRound(product, round);
      expect(statuses.filter((status) => !expected.includes(status))).toEqual([]);
      expect(statuses.filter((status) => status < 300).length).toBeGreaterThan(200);
    }
    for (const path of paths) expect((await fetch(`${product.baseUrl}${path}`)).status, path).toBe(200);
    expect(memory.processes()).toEqual([product.process.pid]);
    expect(memory.killed()).toBe(0);
  });
}
