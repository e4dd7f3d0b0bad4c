import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openMailDatabase } from '#server/mail/mail-service.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { startBalancer } from '#tests/support/haproxy.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { freePort } from '#tests/support/product.ts';
import { startRedis } from '#tests/support/redis.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';
import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { type Account, account } from '../account.ts';
import { randomSequence } from '../misbehaviour.ts';
import { createInstance, type Instance, untilWell } from './instances.ts';
import { judge, type Kill, type PhaseFigures } from './judge.ts';
import { startLoad } from './load.ts';
import { type Build, buildIn } from './new-build.ts';

export type ClusterChaosOptions = {
  seed: number;
  /** Milliseconds that each trouble, and each time after it, lasts. */
  span: number;
  rounds: number;
  /** What all instances are replaced by in the end; without it, by the build that they had. */
  newBuild?: Build;
  /** Told of what is about to go wrong. */
  tell?: (trouble: string) => void;
};

export type ClusterChaosReport = { phases: PhaseFigures[]; mails: Account; broken: string[] };

/** Calls of the caller whose limit is looked at, in how many seconds. */
const limit = { calls: 20, seconds: 3 };
const instanceCount = 3;
/** Milliseconds; far more than the delivery of one mail takes. */
const deliveryTime = 3_000;
let askedPlaces = 0;

/**
 * Three instances on one PostgreSQL and one Redis behind a balancer, under a mixed load, while one thing after the
 * other goes wrong. After each of them everything has to come back by itself; what was accepted is counted at the end.
 */
export async function runClusterChaos({
  seed,
  span,
  rounds,
  newBuild,
  tell,
}: ClusterChaosOptions): Promise<ClusterChaosReport> {
  const random = randomSequence(seed);
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-cluster-chaos-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const opened = <T extends { close(): Promise<unknown> }>(each: T): T => {
    closers.unshift(() => each.close());
    return each;
  };

  try {
    const [postgres, redis, upstreams] = await Promise.all([startPostgres(), startRedis(), startUpstreams()]);
    for (const each of [postgres, redis, upstreams]) opened(each);
    const databaseUrl = await postgres.database();
    const smtpServers: TestSmtpServer[] = [await startSmtpServer()];
    closers.unshift(() => Promise.all(smtpServers.map((each) => each.close().catch(() => undefined))));
    const instances: Instance[] = [];
    for (let n = 0; n < instanceCount; n += 1) {
      const instance = createInstance(await freePort(), {
        ...upstreams.env,
        WEB_CONCURRENCY: '1',
        DATA_DIR: join(folder, String(n)),
        DATABASE_URL: databaseUrl,
        REDIS_URL: redis.url,
        SMTP_URL: smtpServers[0]?.url ?? '',
        MAIL_TO: 'owner@site.example',
        MAIL_FROM: 'website@site.example',
        SITE_URL: 'http://localhost:3000',
        TRUSTED_PROXY_HOPS: '1',
        SHUTDOWN_DELAY: '1',
        LOG_LEVEL: 'info',
        RATE_LIMITS: `light=${limit.calls}/${limit.seconds},upstream=1000000/60,mail=1000000/60,mailSender=1000000/60,mailSite=1000000/60`,
      });
      instances.push(instance);
      closers.unshift(() => instance.kill());
      // One after the other: two cores are not made for three starts at once.
      instance.start();
      await untilWell(instances);
    }
    const balancer = opened(await startBalancer(instances.map(({ port }) => port)));
    const any = () => {
      const instance = instances[Math.floor(random() * instances.length)];
      if (!instance) throw new Error('there are no instances');
      return instance;
    };

    const kills: Kill[] = [];
    let doubts = 0;
    const troubles: Record<string, () => Promise<unknown>> = {
      'an instance is killed': async () => {
        const victim = any();
        const from = performance.now();
        await victim.kill();
        kills.push({ port: victim.port, from, to: performance.now() });
        await delay(span);
        victim.start();
      },
      'PostgreSQL restarts': async () => {
        doubts += instanceCount;
        await postgres.stop();
        await delay(span);
        await postgres.start();
      },
      'Redis is frozen': async () => {
        redis.pause();
        await delay(span);
        redis.resume();
      },
      'Redis is killed': async () => {
        await redis.stop();
        await delay(span);
        await redis.start();
      },
      'the mail server is cut': async () => {
        doubts += instanceCount;
        const current = smtpServers.at(-1);
        await current?.close();
        await delay(span);
        smtpServers.push(await startSmtpServer({}, current?.port));
      },
      'an upstream breaks': async () => {
        upstreams.openMeteo.fault({ kind: 'status', status: 500 });
        await delay(span);
        upstreams.openMeteo.fault(undefined);
      },
      'all are replaced': async () => {
        for (const instance of instances) {
          const code = await instance.stop();
          if (code !== 0) throw new Error(`An instance stopped with ${code}.`);
          instance.start(newBuild?.folder);
          await untilWell(instances);
        }
        await expectBuild(instances, newBuild ?? buildIn('.'));
      },
    };

    const load = startLoad(balancer.url, random);
    await delay(span);
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, trouble] of Object.entries(troubles)) {
        tell?.(name);
        load.enter(name);
        await trouble();
        await untilWell(instances);
        // A circuit that opened closes again after its pause.
        if (name === 'an upstream breaks') await untilAnswered(instances);
        load.enter(`after: ${name}`);
        await delay(span);
      }
    }
    await load.stop();
    const log = createLogger({ level: 'silent' });
    const db = await openMailDatabase({ DATA_DIR: folder, DATABASE_URL: databaseUrl }, log);
    closers.unshift(() => db.close());
    await delay(deliveryTime);
    await endLeases(db.queries);
    await untilDelivered(db.queries);

    const received = smtpServers.flatMap(({ messages }) => messages);
    const mails = await account(db.queries, received, load.accepted, kills.length + doubts);
    const { phases, broken } = judge({ attempts: load.attempts, instances, kills, limit });
    return { phases, mails, broken: [...mails.broken, ...broken] };
  } finally {
    for (const close of closers) await close();
  }
}

type Queries = Awaited<ReturnType<typeof openMailDatabase>>['queries'];

/** @throws Error when an instance does not serve the files of a build */
async function expectBuild(instances: readonly Instance[], { buildId }: Build): Promise<void> {
  for (const { baseUrl } of instances) {
    const response = await fetch(`${baseUrl}/_next/static/${buildId}/_buildManifest.js`);
    await response.arrayBuffer();
    if (!response.ok)
      throw new Error(`An instance answered ${response.status} for a file of build ${buildId}.`);
  }
}

/** What was taken in hand longer ago belongs to an instance that was killed: the time passes for which it owns it. */
async function endLeases(queries: Queries): Promise<void> {
  await queries
    .updateTable('mail')
    .set({ lease_until: 0 })
    .where('status', '=', 'sending')
    .where('lease_until', '<', Date.now() + mailTiming.lease - deliveryTime)
    .execute();
}

async function untilDelivered(queries: Queries): Promise<void> {
  const giveUpAt = performance.now() + 180_000;
  while (performance.now() < giveUpAt) {
    const left = await queries
      .selectFrom('mail')
      .select('id')
      .where('status', 'in', ['queued', 'sending'])
      .execute();
    if (left.length === 0) return;
    await delay(100);
  }
}

/** Each instance is asked by itself: it has a circuit of its own, and a balancer would pass over one of them by chance. */
async function untilAnswered(instances: readonly Instance[]): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  for (const { baseUrl } of instances) {
    while (!(await answersWeather(baseUrl))) {
      if (performance.now() > giveUpAt) throw new Error('the weather did not come back');
      await delay(50);
    }
  }
}

/** The weather of a place that nobody has asked about, so that no cache answers. */
async function answersWeather(baseUrl: string): Promise<boolean> {
  askedPlaces += 1;
  const response = await fetch(`${baseUrl}/api/trpc/weather.forecast`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ json: { lat: -40, lng: askedPlaces / 100 } }),
  });
  await response.text();
  return response.ok;
}
