import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { trpcEndpoint } from '#server/config/paths.ts';
import { eventOf, logLines } from '#tests/http/support/log.ts';
import { parsePrometheus } from '#tests/http/support/prometheus.ts';
import { fileUrl } from '#tests/routes/raw-client.ts';
import { post, postBatch, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

/**
 * Processor time in milliseconds that no work may take without a turn of the event loop: several times the longest on a
 * quiet machine. Other processes on the machine hardly increase processor time.
 */
const bound = 500;
const repetitions = 10;

/** The work of this load, of the start, and of the metrics. */
const knownWork = [
  `${trpcEndpoint}/[trpc]`,
  'fixture.body',
  'fixture.reading',
  'email.send',
  'mail delivery',
  'jobs',
  '/rss.xml',
  '/docs/[path]',
  '/api/raw/[...path]',
  'startup',
  '/readyz',
  '/metrics',
];
/** Names of times that are not due to a single unit of work. */
const otherNames = ['several', 'unknown', 'off-cpu'];

const blockSchema = z.looseObject({
  msg: z.literal('event loop blocked'),
  work: z.string(),
  cpuMs: z.number(),
});

const blocksIn = (product: Product, from: number) =>
  logLines(product, from).flatMap((line) => blockSchema.safeParse(line).data ?? []);

async function blockedWork({ baseUrl }: Product): Promise<string[]> {
  const { samples } = parsePrometheus(await (await fetch(`${baseUrl}/metrics`)).text());
  return samples
    .filter(({ name }) => name === 'bff_event_loop_blocked_seconds_count')
    .map(({ labels }) => labels.work ?? '');
}

const place = (seed: number) => ({ lat: (seed * 7.3) % 89, lng: (seed * 13.7) % 179 });

/** Sends one request of each kind at the same time. `seed` varies what would otherwise be cached. */
const sendMixed = (product: Product, seed: number): Promise<Response>[] => [
  post(product, 'fixture.body', { text: 'x'.repeat(50_000) }),
  post(product, 'fixture.reading', place(seed)),
  postBatch(
    product,
    Array.from({ length: 10 }, (_, at) => ['fixture.reading', place(seed * 10 + at)]),
  ),
  post(product, 'email.send', { email: `v${seed}@visitor.example`, contents: 'Hello. '.repeat(500) }),
  fetch(`${product.baseUrl}/rss.xml?${seed}`),
  fetch(`${product.baseUrl}/docs/fixture.reading`),
  fetch(fileUrl(product, 'synthetic-5000000.bin')),
];

/** Sends a round of the load, and returns when the log has all its lines. */
async function sendRound(product: Product, round: number): Promise<void> {
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const seed = round * repetitions + repetition;
    for (const response of await Promise.all(sendMixed(product, seed))) {
      await response.arrayBuffer();
      // Readings can exceed their deadline on a slow machine.
      expect([200, 207, 503, 504], response.url).toContain(response.status);
    }
  }
  const last = await post(product, 'fixture.body', 'the last request');
  await resultOf(last.clone());
  await eventOf(product, last.headers.get('x-request-id') ?? '');
}

test('under a mixed load nothing blocks the event loop for long, and the work that blocks it is named', {
  timeout: 120_000,
}, async () => {
  const product = await startProduct();
  onTestFinished(() => product.close());
  // The first rendering of each page loads its code, and the first calls are not compiled yet.
  await sendRound(product, 0);
  const from = product.log().length;
  await sendRound(product, 1);

  expect(blocksIn(product, from).filter(({ cpuMs }) => cpuMs > bound)).toEqual([]);
  const names = [...knownWork, ...otherNames];
  expect((await blockedWork(product)).filter((work) => !names.includes(work))).toEqual([]);
  expect(logLines(product, from).filter(({ msg }) => msg === 'request').length).toBeGreaterThan(
    5 * repetitions,
  );
});
