import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '#server/config/limits.ts';
import { quantile } from '#tests/bench/support/statistics.ts';
import { randomSequence } from '#tests/chaos/misbehaviour.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';
import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { type SoakedProduct, startSoaked } from './product.ts';
import { createTraffic, mailNumber, type Outcome } from './traffic.ts';

export type SoakOptions = {
  seed: number;
  /** Milliseconds. */
  duration: number;
  windows: number;
  /** Milliseconds for which the capacity is measured before. */
  probe: number;
  /** Milliseconds from fault to fault, and for which each lasts. */
  faultEvery: number;
  faultFor: number;
  tell?: (line: string) => void;
};

/** What one part of the time looked like. Milliseconds are of requests while nothing was broken. */
export type Window = {
  requests: number;
  wrong: number;
  p50: number;
  p99: number;
  /** In the middle of all looks. */
  residentMegabytes: number;
  handles: number;
  logBytesARequest: number;
  /** What took longest, while nothing was broken. */
  slowest: string;
};

export type SoakReport = {
  /** Requests a second: as many as it could, and half of it, which were sent. */
  capacity: number;
  rate: number;
  windows: Window[];
  /** Requests that were not answered as they should be, the first ones. */
  wrong: string[];
  defects: readonly string[];
  mails: { sent: number; delivered: number };
  /** Open files and connections before the first request, and when all callers have gone. */
  handles: { before: number; after: number };
  exitCode: number | null;
};

/** Under this many requests at one time the load is held back: it would measure itself. */
const mostAtOnce = 200;
/** Milliseconds. */
const tick = 10;
/** Milliseconds from look to look at what the product holds: connections come and go, so one look tells little. */
const lookEvery = 1_000;
/** The files of SQLite, opened with the first mail, and a connection or two that is kept for the next. */
export const handlesThatStay = 10;
/** What began in a fault has ended, and a circuit that opened has closed again. */
const recovery = limits.upstream.deadline + 2 * limits.upstream.breaker.openFor;

/** One process on its embedded engines under half of the load that it can bear, while others fail now and then. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { seed, duration, windows: count, probe, faultEvery, faultFor, tell } = options;
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
      RATE_LIMITS:
        'light=10000000/60,upstream=10000000/60,mail=10000000/60,mailSender=10000000/60,mailSite=10000000/60',
    });
    product = soaked;
    const traffic = createTraffic(random);
    let brokenUntil = 0;
    const isBroken = () => performance.now() < brokenUntil;
    const wrong: string[] = [];
    const note = ({ right, path, status }: Outcome) => {
      if (!right && wrong.length < 100) wrong.push(`${path}: ${status || 'no answer'}`);
    };
    const send = () => traffic.send(soaked.baseUrl, isBroken);

    const before = soaked.holds().handles;
    // Mails are taken out as they come: this process would hold hundreds of megabytes of them, and answer later and later.
    const look = () => {
      inbox.count();
      return soaked.holds();
    };
    const capacity = await measureCapacity(send, probe, note);
    const rate = capacity / 2;
    tell?.(`${Math.round(capacity)} requests/s at most, ${Math.round(rate)} from now on`);

    const faults: (readonly [begin: () => unknown, end: () => unknown])[] = [
      [
        () => upstreams.openMeteo.fault({ kind: 'status', status: 500 }),
        () => upstreams.openMeteo.fault(undefined),
      ],
      [() => upstreams.airQuality.fault({ kind: 'hang' }), () => upstreams.airQuality.fault(undefined)],
      [() => upstreams.openMeteo.fault({ kind: 'reset' }), () => upstreams.openMeteo.fault(undefined)],
      [
        () => smtp.close(),
        async () => {
          smtp = await startSmtpServer({}, smtp.port);
          inbox.add(smtp);
        },
      ],
    ];

    const endAt = performance.now() + duration;
    async function breakNowAndThen(): Promise<void> {
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

    const windows: Window[] = [];
    const breaking = breakNowAndThen();
    for (let n = 0; n < count; n += 1) {
      const window = await runWindow(soaked, { send, note, look, rate, span: duration / count, isBroken });
      windows.push(window);
      tell?.(
        `part ${n + 1} of ${count}: ${Math.round(window.residentMegabytes)} MB, p99 ${window.p99.toFixed(1)} ms, slowest ${window.slowest}`,
      );
    }
    await breaking;
    await traffic.leave();
    await untilDelivered(inbox.count, traffic.mailsSent());
    const delivered = inbox.count();
    const after = await handlesWhenQuiet(soaked, before);
    const exitCode = await soaked.stop();
    return {
      capacity,
      rate,
      windows,
      wrong,
      defects: soaked.defects,
      mails: { sent: traffic.mailsSent(), delivered },
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

const middle = (figures: readonly number[]) => quantile(figures, 0.5);

type Send = () => Promise<Outcome>;
type Note = (outcome: Outcome) => void;

/** Callers that each wait for their answer; the first half of the time warms the process up. */
async function measureCapacity(send: Send, probe: number, note: Note): Promise<number> {
  const startedAt = performance.now();
  let counted = 0;
  async function call(): Promise<void> {
    while (performance.now() < startedAt + probe) {
      note(await send());
      if (performance.now() > startedAt + probe / 2) counted += 1;
    }
  }
  await Promise.all(Array.from({ length: 16 }, call));
  return counted / (probe / 2_000);
}

/** Requests come at their time, whether or not those before them were answered. */
async function runWindow(
  product: SoakedProduct,
  {
    send,
    note,
    look,
    rate,
    span,
    isBroken,
  }: {
    send: Send;
    note: Note;
    look: SoakedProduct['holds'];
    rate: number;
    span: number;
    isBroken(): boolean;
  },
): Promise<Window> {
  const startedAt = performance.now();
  const logBefore = product.log.bytes;
  const quiet: Outcome[] = [];
  const held: ReturnType<SoakedProduct['holds']>[] = [];
  const running = new Set<Promise<void>>();
  let sent = 0;
  let wrong = 0;

  async function one(): Promise<void> {
    const outcome = await send();
    note(outcome);
    if (!outcome.right) wrong += 1;
    if (!isBroken()) quiet.push(outcome);
  }
  while (performance.now() < startedAt + span) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * rate);
    for (; sent < due && running.size < mostAtOnce; sent += 1) {
      const asked = one().finally(() => running.delete(asked));
      running.add(asked);
    }
    if (performance.now() > startedAt + (held.length + 1) * lookEvery) held.push(look());
    await delay(tick);
  }
  held.push(look());
  await Promise.all(running);
  const times = quiet.map(({ milliseconds }) => milliseconds);
  const slowest = quiet.toSorted((a, b) => b.milliseconds - a.milliseconds)[0];
  return {
    requests: sent,
    wrong,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    residentMegabytes: middle(held.map(({ residentMegabytes }) => residentMegabytes)),
    handles: middle(held.map(({ handles }) => handles)),
    logBytesARequest: (product.log.bytes - logBefore) / Math.max(1, sent),
    slowest: slowest ? `${slowest.path} ${Math.round(slowest.milliseconds)} ms` : 'none',
  };
}

/** The mails that came, each counted once: one whose server was closed before it answered comes again. */
function createInbox(first: TestSmtpServer) {
  const servers = [first];
  const numbers = new Set<string>();
  return {
    add: (server: TestSmtpServer) => void servers.push(server),
    count(): number {
      // A server that was closed may have been at a message still, so all are looked at.
      for (const { parsed } of servers.flatMap(({ messages }) => messages.splice(0))) {
        const [, number] = mailNumber.exec(parsed.text ?? '') ?? [];
        if (number === undefined) throw new Error(`a mail that nobody sent: ${parsed.text}`);
        numbers.add(number);
      }
      return numbers.size;
    },
  };
}

async function untilDelivered(delivered: () => number, sent: number): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  while (delivered() < sent && performance.now() < giveUpAt) await delay(100);
}

/** Connections are closed some time after the last one who used them. */
async function handlesWhenQuiet(product: SoakedProduct, before: number): Promise<number> {
  const giveUpAt = performance.now() + 30_000;
  while (product.holds().handles > before + handlesThatStay && performance.now() < giveUpAt) await delay(200);
  return product.holds().handles;
}
