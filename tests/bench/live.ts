/**
 * Cost of subscriptions: memory and processor time of idle streams, latency of calls beside them, a change that all streams
 * send, and the time from the delivery of a mail to the client that follows it.
 */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createScriptClient, follow } from '#client/node.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { startRedis } from '#tests/support/redis.ts';
import { startSmtpServer } from '#tests/support/smtp-server.ts';
import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { mutation, trpcPost } from './http/calls.ts';
import { productEnv, type Running, start } from './http/contenders.ts';
import { callOnce, load, type Measured } from './support/load.ts';
import { processorSeconds, residentMegabytes } from './support/processes.ts';
import { quantile, ratios, type Spread } from './support/statistics.ts';
import { type Cell, table } from './support/table.ts';

const streamCount = 1_000;
/** Milliseconds in which idle streams are observed: four pings each. */
const idleTime = 60_000;
const mails = 20;

export type LiveSummary = {
  /** Kilobytes of resident memory of a stream. */
  kilobytes: number;
  /** Milliseconds of processor time a second, without streams and with 1,000 idle ones. */
  idle: { without: number; with: number };
  /** With 1,000 idle streams, divided by without. */
  calls: { p50: Spread; p99: Spread; processor: Spread };
  /** Microseconds of processor time of a change in one stream, of which all streams send it. */
  change: number;
  /** Milliseconds from the reply of the mail server to the item at the client. */
  deliveries: { title: string; p50: number; max: number }[];
};

type Options = { rounds: number; seconds: number; connections: number };

export async function measureLive(options: Options, folder: string): Promise<LiveSummary> {
  const upstreams = await startUpstreams();
  try {
    const costs = await measureCosts(options, folder, upstreams.env);
    const summary = { ...costs, deliveries: await measureDeliveries(folder, upstreams.env) };
    print(summary);
    return summary;
  } finally {
    await upstreams.close();
  }
}

type Costs = Omit<LiveSummary, 'deliveries'>;

async function measureCosts(options: Options, folder: string, env: Record<string, string>): Promise<Costs> {
  const running = await start('f', { folder, env: { ...env, TRUSTED_PROXY_HOPS: '1' } });
  try {
    // The heap grows with the first calls.
    await load(running, mutation.trpc, { ...options, seconds: 10, folder });
    const memoryBefore = residentMegabytes(running.pid);
    const first = await openStreams(running);
    const kilobytes = (residentMegabytes(running.pid) - memoryBefore) * (1_000 / streamCount);
    first.close();
    const quiet: Measured[] = [];
    const busy: Measured[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      quiet.push(await load(running, mutation.trpc, { ...options, folder }));
      const streams = await openStreams(running);
      busy.push(await load(running, mutation.trpc, { ...options, folder }));
      streams.close();
      await delay(1_000);
    }
    const without = await idleProcessor(running);
    const streams = await openStreams(running);
    const idle = { without, with: await idleProcessor(running) };
    const change = await measureChange(running, streams);
    streams.close();
    const of = (key: 'p50' | 'p99' | 'processor') =>
      ratios(
        busy.map((each) => each[key]),
        quiet.map((each) => each[key]),
      );
    return {
      kilobytes,
      idle,
      calls: { p50: of('p50'), p99: of('p99'), processor: of('processor') },
      change,
    };
  } finally {
    await running.close();
  }
}

/** Returns the milliseconds of processor time that the server takes in a second. */
async function idleProcessor({ pid }: Running): Promise<number> {
  const before = processorSeconds(pid);
  await delay(idleTime);
  return ((processorSeconds(pid) - before) * 1_000) / (idleTime / 1_000);
}

type Streams = { items(): number; close(): void };

/** Opens the streams, each by a client of its own, and waits for the first item of each. */
async function openStreams({ baseUrl }: Running): Promise<Streams> {
  const requests: ClientRequest[] = [];
  let items = 0;
  for (let opened = 0; opened < streamCount; opened += 50) {
    const batch = Array.from({ length: 50 }, async (_, n) => {
      const sent = request(`${baseUrl}/api/trpc/proxy.watch`, {
        method: 'POST',
        agent: false,
        headers: {
          'content-type': 'application/json',
          'x-forwarded-for': `10.0.${Math.floor((opened + n) / 250)}.${(opened + n) % 250}`,
        },
      });
      sent.on('error', () => undefined);
      requests.push(sent);
      sent.end('{}');
      const [response]: IncomingMessage[] = await once(sent, 'response');
      if (response?.statusCode !== 200) throw new Error(`a stream got ${response?.statusCode}`);
      response.on('error', () => undefined);
      const first = Promise.withResolvers<void>();
      response.on('data', (bytes: Buffer) => {
        if (!bytes.includes('\nid: ')) return;
        items += 1;
        first.resolve();
      });
      await first.promise;
    });
    await Promise.all(batch);
  }
  return {
    items: () => items,
    close() {
      for (const each of requests) each.destroy();
    },
  };
}

/** Calls an upstream, which changes what all streams send. */
async function measureChange(running: Running, streams: Streams): Promise<number> {
  const itemsBefore = streams.items();
  const processorBefore = processorSeconds(running.pid);
  await callOnce(running, trpcPost('fixture.reading', { lat: 1, lng: 1 }));
  while (streams.items() < itemsBefore + streamCount) await delay(1);
  return ((processorSeconds(running.pid) - processorBefore) * 1e6) / streamCount;
}

async function measureDeliveries(
  folder: string,
  env: Record<string, string>,
): Promise<LiveSummary['deliveries']> {
  const [postgres, redis, smtp] = await Promise.all([startPostgres(), startRedis(), startSmtpServer()]);
  try {
    const shared = {
      ...env,
      RATE_LIMITS: `${productEnv.RATE_LIMITS},mail=900000000/60`,
      SMTP_URL: smtp.url,
      MAIL_TO: 'owner@site.example',
      MAIL_FROM: 'website@site.example',
      DATABASE_URL: await postgres.database(),
    };
    const results: LiveSummary['deliveries'] = [];
    for (const redisUrl of [redis.url, '']) {
      const instances: Running[] = [];
      for (const name of ['one', 'two']) {
        const own = join(folder, `${name}${redisUrl ? '' : '-alone'}`);
        instances.push(
          await start('f', { folder: own, env: { ...shared, ...(redisUrl ? { REDIS_URL: redisUrl } : {}) } }),
        );
      }
      const [first, second] = instances;
      if (!first || !second) throw new Error('no instances');
      const title = redisUrl ? 'with Redis' : 'without Redis';
      try {
        const times = await measureDelays(first, second, smtp);
        results.push({ title: `accepted there, ${title}`, ...times.same });
        results.push({ title: `accepted at another instance, ${title}`, ...times.other });
      } finally {
        for (const instance of instances) await instance.close();
      }
    }
    return results;
  } finally {
    await Promise.all([postgres.close(), redis.close(), smtp.close()]);
  }
}

type Smtp = Awaited<ReturnType<typeof startSmtpServer>>;
type Delays = { p50: number; max: number };

/** Sends mails to one instance and follows each at both. */
async function measureDelays(
  first: Running,
  second: Running,
  smtp: Smtp,
): Promise<{ same: Delays; other: Delays }> {
  const [here, there] = [first, second].map(({ baseUrl }) => createScriptClient({ baseUrl }));
  if (!here || !there) throw new Error('no clients');
  const times = { same: [] as number[], other: [] as number[] };
  for (let n = 0; n < mails; n += 1) {
    smtp.messages.length = 0;
    const { id } = await here.email.send.mutate({ email: 'visitor@visitor.example', contents: `Mail ${n}` });
    const sentAt = (api: typeof here) =>
      (async () => {
        for await (const { data } of follow(api.email.watch, { id }))
          if (data.status === 'sent') return performance.now();
        throw new Error('the mail was not sent');
      })();
    const received = (async () => {
      while (smtp.messages.length === 0) await delay(1);
      return performance.now();
    })();
    const [at, same, other] = await Promise.all([received, sentAt(here), sentAt(there)]);
    times.same.push(same - at);
    times.other.push(other - at);
    await delay(200);
  }
  const of = (each: number[]): Delays => ({ p50: quantile(each, 0.5), max: Math.max(...each) });
  return { same: of(times.same), other: of(times.other) };
}

function print({ kilobytes, idle, calls, change, deliveries }: LiveSummary): void {
  const spread = ({ median, low, high }: Spread) =>
    `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  const rows: Cell[][] = [
    ['KB of memory of a stream', kilobytes.toFixed(1)],
    ['ms of processor time a second, idle, without streams', idle.without.toFixed(2)],
    [`ms of processor time a second, idle, ${streamCount} streams`, idle.with.toFixed(2)],
    [`p50 of a call beside ${streamCount} streams, relative`, spread(calls.p50)],
    [`p99 of a call beside ${streamCount} streams, relative`, spread(calls.p99)],
    [`processor time of a call beside ${streamCount} streams, relative`, spread(calls.processor)],
    ['µs of processor time of a change in a stream', change.toFixed(0)],
    ...deliveries.map(({ title, p50, max }) => [
      `ms from delivery to client, ${title}`,
      `${p50.toFixed(0)} (at most ${max.toFixed(0)})`,
    ]),
  ];
  console.log(`\nsubscriptions\n${table(['figure', ''], rows)}`);
}
