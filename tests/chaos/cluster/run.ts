import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createOutbox } from '#server/mail/outbox.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { openDatabase } from '#server/storage/open-database.ts';
import { databaseText } from '#tests/storage/database-text.ts';
import { startBalancer } from '#tests/support/haproxy.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { freePort } from '#tests/support/product.ts';
import { startRedis } from '#tests/support/redis.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';
import { startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { startUserTexts } from '#tests/support/upstreams/user-texts.ts';
import { auditMails, type MailAudit } from '../audit.ts';
import { randomSequence } from '../misbehaviour.ts';
import { evaluate, type Kill, type PhaseFigures } from './evaluate.ts';
import { createInstance, type Instance, waitUntilHealthy } from './instances.ts';
import { startLoad } from './load.ts';
import { type Build, buildIn } from './new-build.ts';
import { type StreamFigures, startStreams } from './streams.ts';
import { startUsers, type UserFigures } from './users.ts';

export type ClusterChaosOptions = {
  seed: number;
  /** Milliseconds that each fault and each recovery phase last. */
  span: number;
  rounds: number;
  /** Build that replaces the running one in the last phase of a round. Default: the same build. */
  newBuild?: Build;
  /** Called with the name of each fault before it starts. */
  onFault?: (fault: string) => void;
};

export type ClusterChaosReport = {
  phases: PhaseFigures[];
  mails: MailAudit;
  /** `tokenRequests`: sign-ins and refreshes, as the provider has counted them. */
  users: UserFigures & { tokenRequests: number };
  streams: StreamFigures;
  violations: string[];
};

/** Rate limit of the rate-limited client. */
const limit = { calls: 20, seconds: 3 };
const instanceCount = 3;
const siteUrl = 'http://localhost:3000';
/** Milliseconds; much longer than the delivery of one mail. */
const deliveryTime = 3_000;
/** Time in which a stream resumes after the last fault, in milliseconds: the longest pause of a client, and more. */
const streamsEnd = 60_000;
let requestedPlaces = 0;

/**
 * Runs three instances on one PostgreSQL and one Redis behind a balancer under a mixed load and injects one fault after
 * the other. The system must recover from each fault without intervention. Accepted mails are audited at the end.
 */
export async function runClusterChaos({
  seed,
  span,
  rounds,
  newBuild,
  onFault,
}: ClusterChaosOptions): Promise<ClusterChaosReport> {
  const random = randomSequence(seed);
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-cluster-chaos-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const opened = <T extends { close(): Promise<unknown> }>(each: T): T => {
    closers.unshift(() => each.close());
    return each;
  };

  try {
    const [postgres, redis, upstreams, drafts] = await Promise.all([
      startPostgres(),
      startRedis(),
      startUpstreams(),
      startUserTexts('drafts'),
    ]);
    for (const each of [postgres, redis, upstreams, drafts]) opened(each);
    const provider = opened(
      await startIdentityProvider({
        siteUrl,
        resources: { [drafts.url]: drafts.scopes },
        // Refreshed in most sessions. A shorter one may end on its way when all are busy.
        accessTokenLifetime: 5,
      }),
    );
    drafts.trust(provider.issuer);
    const databaseUrl = await postgres.database();
    const smtpServers: TestSmtpServer[] = [await startSmtpServer()];
    closers.unshift(() => Promise.all(smtpServers.map((each) => each.close().catch(() => undefined))));
    const instances: Instance[] = [];
    for (let n = 0; n < instanceCount; n += 1) {
      const instance = createInstance(await freePort(), {
        ...upstreams.env,
        FIXTURE_DRAFTS_URL: drafts.url,
        ...provider.env,
        SESSION_SECRETS: 'a secret that all instances share',
        WEB_CONCURRENCY: '1',
        DATA_DIR: join(folder, String(n)),
        DATABASE_URL: databaseUrl,
        REDIS_URL: redis.url,
        SMTP_URL: smtpServers[0]?.url ?? '',
        MAIL_TO: 'owner@site.example',
        MAIL_FROM: 'website@site.example',
        SITE_URL: siteUrl,
        TRUSTED_PROXY_HOPS: '1',
        SHUTDOWN_DELAY: '1',
        LOG_LEVEL: 'info',
        RATE_LIMITS: `light=${limit.calls}/${limit.seconds},upstream=1000000/60,mail=1000000/60,mailSender=1000000/60,mailSubnet=1000000/60,mailNetwork=1000000/60,mailSite=1000000/60,signIn=1000000/60`,
      });
      instances.push(instance);
      closers.unshift(() => instance.kill());
      // One after the other: three simultaneous starts overload two cores.
      instance.start();
      await waitUntilHealthy(instances);
    }
    const balancer = opened(await startBalancer(instances.map(({ port }) => port)));
    const randomInstance = () => {
      const instance = instances[Math.floor(random() * instances.length)];
      if (!instance) throw new Error('there are no instances');
      return instance;
    };

    const kills: Kill[] = [];
    /** Mails that were possibly sent when a server failed, and may therefore be sent again. */
    let possibleDuplicates = 0;
    const faults: Record<string, () => Promise<unknown>> = {
      'an instance is killed': async () => {
        const victim = randomInstance();
        const from = performance.now();
        await victim.kill();
        kills.push({ port: victim.port, from, to: performance.now() });
        await delay(span);
        victim.start();
      },
      'PostgreSQL restarts': async () => {
        possibleDuplicates += instanceCount;
        await postgres.stop();
        await delay(span);
        await load.untilFailure('mail');
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
      'the mail server is down': async () => {
        possibleDuplicates += instanceCount;
        const current = smtpServers.at(-1);
        await current?.close();
        await delay(span);
        smtpServers.push(await startSmtpServer({}, current?.port));
      },
      'an upstream fails': async () => {
        upstreams.readings.fault({ kind: 'status', status: 500 });
        await delay(span);
        await load.untilFailure('reading');
        upstreams.readings.fault(undefined);
      },
      'all instances are replaced': async () => {
        for (const instance of instances) {
          const code = await instance.stop();
          if (code !== 0) throw new Error(`An instance exited with ${code}.`);
          instance.start(newBuild?.folder);
          await waitUntilHealthy(instances);
        }
        await expectBuild(instances, newBuild ?? buildIn('.'));
      },
    };

    const load = startLoad(balancer.url, random);
    const streams = await startStreams({ url: balancer.url, accepted: load.accepted });
    const users = startUsers({
      // A sign-in goes on at the host of the site.
      url: balancer.url.replace('127.0.0.1', 'localhost'),
      siteUrl,
      people: ['ada', 'ada', 'bob'],
      phase: () => load.phase,
    });
    await delay(span);
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, fault] of Object.entries(faults)) {
        onFault?.(name);
        load.enterPhase(name);
        await fault();
        await waitUntilHealthy(instances);
        // An open circuit breaker closes again only after its pause.
        if (name === 'an upstream fails') await waitUntilReadingsWork(instances);
        load.enterPhase(`after: ${name}`);
        await delay(span);
      }
    }
    const userFigures = await users.stop();
    await load.stop();
    const log = createLogger({ level: 'silent' });
    const db = await openDatabase({ DATA_DIR: folder, DATABASE_URL: databaseUrl }, log);
    closers.unshift(() => db.close());
    await delay(deliveryTime);
    await expireLeases(db.queries);
    const outbox = createOutbox(db, { siteUrl });
    for (const { id } of streams.held) await outbox.requeue(id);
    await waitForDelivery(db.queries);
    const streamFigures = await streams.stop(streamsEnd);

    const received = smtpServers.flatMap(({ messages }) => messages);
    const mails = await auditMails(
      db.queries,
      received,
      [...load.accepted, ...streams.held],
      kills.length + possibleDuplicates,
    );
    const { phases, violations } = evaluate({ attempts: load.attempts, instances, kills, limit });
    const leaks = await findLeaks(db.queries, instances);
    return {
      phases,
      mails,
      users: {
        ...userFigures,
        tokenRequests: provider.requests.filter(({ path }) => path === '/token').length,
      },
      streams: streamFigures,
      violations: [
        ...mails.violations,
        ...violations,
        ...userFigures.violations,
        ...streamFigures.violations,
        ...leaks,
      ],
    };
  } finally {
    for (const close of closers) await close();
  }
}

type Queries = Awaited<ReturnType<typeof openDatabase>>['queries'];

/** @throws Error when an instance does not serve the files of the build */
async function expectBuild(instances: readonly Instance[], { buildId }: Build): Promise<void> {
  for (const { baseUrl } of instances) {
    const response = await fetch(`${baseUrl}/_next/static/${buildId}/_buildManifest.js`);
    await response.arrayBuffer();
    if (!response.ok)
      throw new Error(`An instance returned ${response.status} for a file of build ${buildId}.`);
  }
}

/** Expires old leases. A mail claimed more than `deliveryTime` ago belongs to a killed instance. */
async function expireLeases(queries: Queries): Promise<void> {
  await queries
    .updateTable('mail')
    .set({ lease_until: 0 })
    .where('status', '=', 'sending')
    .where('lease_until', '<', Date.now() + mailTiming.lease - deliveryTime)
    .execute();
}

async function waitForDelivery(queries: Queries): Promise<void> {
  const deadline = performance.now() + 180_000;
  while (performance.now() < deadline) {
    const left = await queries
      .selectFrom('mail')
      .select('id')
      .where('status', 'in', ['queued', 'sending'])
      .execute();
    if (left.length === 0) return;
    await delay(100);
  }
}

/** Finds tokens in the log and in the database. All tokens of the provider begin like a JSON Web Token. */
async function findLeaks(queries: Queries, instances: readonly Instance[]): Promise<string[]> {
  const token = /ey[\w-]{8,}\.ey/;
  return [
    ...instances.filter(({ log }) => token.test(log())).map(({ port }) => `the log of ${port} has a token`),
    ...(token.test(await databaseText(queries)) ? ['the database has a token'] : []),
  ];
}

/** Waits until each instance serves readings again. Bypasses the balancer: each instance has its own circuit breaker. */
async function waitUntilReadingsWork(instances: readonly Instance[]): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (const { baseUrl } of instances) {
    while (!(await servesReadings(baseUrl))) {
      if (performance.now() > deadline) throw new Error('an instance does not serve readings again');
      await delay(50);
    }
  }
}

/** Requests the readings of a new place, which is in no cache. */
async function servesReadings(baseUrl: string): Promise<boolean> {
  requestedPlaces += 1;
  const response = await fetch(`${baseUrl}/api/trpc/fixture.reading`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ json: { lat: -40, lng: requestedPlaces / 100 } }),
  });
  await response.text();
  return response.ok;
}
