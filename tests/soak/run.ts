import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '#server/config/limits.ts';
import { quantile } from '#tests/bench/support/statistics.ts';
import { randomSequence } from '#tests/chaos/misbehaviour.ts';
import { startFollowers } from '#tests/live/followers.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';
import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { type SoakedProduct, startSoaked } from './product.ts';
import { createTraffic, mailNumber, type Outcome } from './traffic.ts';

export type SoakOptions = {
  seed: number;
  /** Milliseconds. */
  duration: number;
  windows: number;
  /** Milliseconds of the capacity measurement before the first window. */
  probe: number;
  /** Milliseconds from fault to fault. */
  faultEvery: number;
  /** Milliseconds that each fault lasts. */
  faultFor: number;
  onProgress?: (line: string) => void;
};

/** Figures of one part of the run. Latencies are in milliseconds and exclude requests during faults. */
export type Window = {
  requests: number;
  unexpected: number;
  p50: number;
  p99: number;
  /** Median of all samples. */
  residentMegabytes: number;
  /** Median of all samples. */
  handles: number;
  logBytesPerRequest: number;
  /** Share of one core that the product used. */
  processor: number;
  /** The slowest request outside faults. */
  slowest: string;
};

export type SoakReport = {
  /** Maximum throughput in requests per second. */
  capacity: number;
  /** Requests per second during the windows, which take half of a core. */
  rate: number;
  windows: Window[];
  /** The first hundred responses with an unexpected status. */
  unexpected: string[];
  defects: readonly string[];
  mails: { sent: number; delivered: number };
  /** Streams that were open all the time, and the smallest number of items that one of them got. */
  streams: { open: number; fewestItems: number };
  /** Open files and connections before the first request and after all callers have disconnected. */
  handles: { before: number; after: number };
  exitCode: number | null;
};

/** Number of streams that are open all the time. */
const streamCount = 200;
/** Maximum number of concurrent requests. With more, the load generator would measure itself. */
const maxConcurrency = 200;
/** Share of a core that the load takes. */
const processorShare = 0.5;
/** Milliseconds. */
const tick = 10;
/** Milliseconds between samples of the resource usage. Connections come and go, so a single sample says little. */
const sampleInterval = 1_000;
/** Handles that stay open: the files of SQLite, opened with the first mail, and a few idle connections. */
export const lastingHandles = 10;
/** Milliseconds after a fault until affected requests have ended and circuit breakers have closed. */
const recovery = limits.upstream.deadline + 2 * limits.upstream.breaker.openFor;

/** Runs one process on its embedded engines under a load that takes half of a core, while its dependencies fail now and then. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { seed, duration, windows: count, probe, faultEvery, faultFor, onProgress } = options;
  const random = randomSequence(seed);
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-soak-'));
  const upstreams = await startUpstreams();
  let smtp = await startSmtpServer();
  const inbox = createInbox(smtp);
  let product: SoakedProduct | undefined;

  try {
    const soaked = await startSoaked({
      ...upstreams.env,
      DATA_DIR: folder,
      SMTP_URL: smtp.url,
      MAIL_TO: 'owner@site.example',
      MAIL_FROM: 'website@site.example',
      TRUSTED_PROXY_HOPS: '1',
      RATE_LIMITS:
        'light=10000000/60,upstream=10000000/60,mail=10000000/60,mailSender=10000000/60,mailSubnet=10000000/60,mailNetwork=10000000/60,mailSite=10000000/60',
    });
    product = soaked;
    const traffic = createTraffic(random);
    let brokenUntil = 0;
    const isBroken = () => performance.now() < brokenUntil;
    const unexpected: string[] = [];
    const record = ({ isExpected, path, status }: Outcome) => {
      if (!isExpected && unexpected.length < 100) unexpected.push(`${path}: ${status || 'no response'}`);
    };
    const send = () => traffic.send(soaked.baseUrl, isBroken);

    const before = soaked.usage().handles;
    // Counting removes mails as they arrive. Otherwise this process would accumulate hundreds of megabytes of them and
    // slow down.
    const sample = () => {
      inbox.count();
      return soaked.usage();
    };
    const followers = startFollowers(soaked.baseUrl, streamCount);
    const capacity = await measureCapacity(send, probe, record);

    const faults: (readonly [begin: () => unknown, end: () => unknown])[] = [
      [
        () => upstreams.readings.fault({ kind: 'status', status: 500 }),
        () => upstreams.readings.fault(undefined),
      ],
      [() => upstreams.search.fault({ kind: 'hang' }), () => upstreams.search.fault(undefined)],
      [() => upstreams.readings.fault({ kind: 'reset' }), () => upstreams.readings.fault(undefined)],
      [
        () => smtp.close(),
        async () => {
          smtp = await startSmtpServer({}, smtp.port);
          inbox.add(smtp);
        },
      ],
    ];

    async function injectFaults(endAt: number): Promise<void> {
      for (let n = 0; performance.now() + faultEvery < endAt; n += 1) {
        await delay(faultEvery - faultFor);
        const [begin, end] = faults[n % faults.length] ?? [];
        brokenUntil = Number.POSITIVE_INFINITY;
        await begin?.();
        await delay(faultFor);
        await end?.();
        brokenUntil = performance.now() + recovery;
      }
    }

    const load = { send, record, sample, isBroken };
    // Mails are delivered later, so the throughput alone does not tell how much of a core a rate takes.
    const trial = await runWindow(soaked, { ...load, rate: capacity / 2, span: probe });
    const rate = (capacity / 2) * Math.min(1, processorShare / trial.processor);
    onProgress?.(`capacity: ${Math.round(capacity)} requests/s, load: ${Math.round(rate)} requests/s`);

    const endAt = performance.now() + duration;
    const windows: Window[] = [];
    const injecting = injectFaults(endAt);
    for (let n = 0; n < count; n += 1) {
      const window = await runWindow(soaked, { ...load, rate, span: duration / count });
      windows.push(window);
      onProgress?.(
        `part ${n + 1} of ${count}: ${Math.round(100 * window.processor)} % of a core, ${Math.round(window.residentMegabytes)} MB, p99 ${window.p99.toFixed(1)} ms, slowest ${window.slowest}`,
      );
    }
    await injecting;
    followers.stop();
    unexpected.push(...followers.problems.slice(0, 100));
    await traffic.close();
    await waitForDelivery(inbox.count, traffic.mailsSent());
    const delivered = inbox.count();
    const after = await handlesWhenIdle(soaked, before);
    const exitCode = await soaked.stop();
    return {
      capacity,
      rate,
      windows,
      unexpected,
      defects: soaked.defects,
      mails: { sent: traffic.mailsSent(), delivered },
      streams: { open: streamCount, fewestItems: Math.min(...followers.items) },
      handles: { before, after },
      exitCode,
    };
  } finally {
    await product?.stop();
    await smtp.close().catch(() => undefined);
    await upstreams.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const median = (figures: readonly number[]) => quantile(figures, 0.5);

type Send = () => Promise<Outcome>;
type RecordOutcome = (outcome: Outcome) => void;

/** Measures the throughput of 16 callers in a closed loop. The first half of the time is a warm-up. */
async function measureCapacity(send: Send, probe: number, record: RecordOutcome): Promise<number> {
  const startedAt = performance.now();
  let counted = 0;
  async function call(): Promise<void> {
    while (performance.now() < startedAt + probe) {
      record(await send());
      if (performance.now() > startedAt + probe / 2) counted += 1;
    }
  }
  await Promise.all(Array.from({ length: 16 }, call));
  return counted / (probe / 2_000);
}

/** Sends requests at a constant rate, regardless of whether earlier ones have completed (open loop). */
async function runWindow(
  product: SoakedProduct,
  {
    send,
    record,
    sample,
    rate,
    span,
    isBroken,
  }: {
    send: Send;
    record: RecordOutcome;
    sample: SoakedProduct['usage'];
    rate: number;
    span: number;
    isBroken(): boolean;
  },
): Promise<Window> {
  const startedAt = performance.now();
  const logBefore = product.log.bytes;
  const processorBefore = product.usage().processorSeconds;
  const undisturbed: Outcome[] = [];
  const samples: ReturnType<SoakedProduct['usage']>[] = [];
  const running = new Set<Promise<void>>();
  let sent = 0;
  let unexpected = 0;

  async function sendOne(): Promise<void> {
    const outcome = await send();
    record(outcome);
    if (!outcome.isExpected) unexpected += 1;
    if (!isBroken()) undisturbed.push(outcome);
  }
  while (performance.now() < startedAt + span) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * rate);
    for (; sent < due && running.size < maxConcurrency; sent += 1) {
      const request = sendOne().finally(() => running.delete(request));
      running.add(request);
    }
    if (performance.now() > startedAt + (samples.length + 1) * sampleInterval) samples.push(sample());
    await delay(tick);
  }
  samples.push(sample());
  await Promise.all(running);
  const times = undisturbed.map(({ milliseconds }) => milliseconds);
  const slowest = undisturbed.toSorted((a, b) => b.milliseconds - a.milliseconds)[0];
  return {
    requests: sent,
    unexpected,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    residentMegabytes: median(samples.map(({ residentMegabytes }) => residentMegabytes)),
    handles: median(samples.map(({ handles }) => handles)),
    logBytesPerRequest: (product.log.bytes - logBefore) / Math.max(1, sent),
    processor: (sample().processorSeconds - processorBefore) / ((performance.now() - startedAt) / 1_000),
    slowest: slowest ? `${slowest.path} ${Math.round(slowest.milliseconds)} ms` : 'none',
  };
}

/** Counts received mails, each once. A mail arrives again if its server was closed before it replied. */
function createInbox(first: TestSmtpServer) {
  const servers = [first];
  const numbers = new Set<string>();
  return {
    add: (server: TestSmtpServer) => void servers.push(server),
    count(): number {
      // A closed server may still have been processing a message, so all servers are checked.
      for (const { parsed } of servers.flatMap(({ messages }) => messages.splice(0))) {
        const [, number] = mailNumber.exec(parsed.text ?? '') ?? [];
        if (number === undefined) throw new Error(`received an unknown mail: ${parsed.text}`);
        numbers.add(number);
      }
      return numbers.size;
    },
  };
}

async function waitForDelivery(delivered: () => number, sent: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (delivered() < sent && performance.now() < deadline) await delay(100);
}

/** Waits up to 30 seconds for idle connections to close, then returns the number of open handles. */
async function handlesWhenIdle(product: SoakedProduct, before: number): Promise<number> {
  const deadline = performance.now() + 30_000;
  while (product.usage().handles > before + lastingHandles && performance.now() < deadline) await delay(200);
  return product.usage().handles;
}
