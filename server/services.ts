import { z } from 'zod';
import { customBuckets } from '#server/custom/buckets.ts';
import { customJobs } from '#server/custom/jobs.ts';
import { customServices } from '#server/custom/services.ts';
import { customWebhooks } from '#server/custom/webhooks.ts';
import { type Env, env } from './config/env.ts';
import { limits } from './config/limits.ts';
import { createGeneration } from './feed/generation.ts';
import { createFeedSource, type FeedSource } from './feed/source.ts';
import { createFiles, type Files } from './files/file-service.ts';
import { productBuckets } from './files/product-buckets.ts';
import { createIdentity } from './identity/create-identity.ts';
import type { Identity } from './identity/identity.ts';
import { createJobs, type Jobs } from './jobs/job-service.ts';
import { productJobs } from './jobs/product-jobs.ts';
import { type ConcurrencyLimit, createConcurrencyLimit } from './lib/concurrency.ts';
import { defineSingleton } from './lib/singleton.ts';
import { createHints } from './live/hints.ts';
import { createWatch, type WatchOptions } from './live/watch.ts';
import { createMail, type Mail } from './mail/mail-service.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type Logger, log } from './observability/log.ts';
import { coordinator } from './process/coordinator.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/rate-limiter.ts';
import { connectRedis, type SharedRedis } from './redis.ts';
import { createReplayGuard, type ReplayGuard } from './replay-guard.ts';
import { createLazyDatabase, type LazyDatabase } from './storage/lazy-database.ts';
import { createUpstreamClient, type UpstreamClient } from './upstream-client/client.ts';
import type { UpstreamHistory } from './upstream-client/history.ts';
import { createSharedCache } from './upstream-client/shared-cache.ts';
import {
  historiesOf,
  snapshotsSchema,
  statusOf,
  type UpstreamSnapshot,
  type UpstreamStatus,
  upstreamVersion,
} from './upstream-client/status.ts';
import { tokenTargetsOf } from './upstream-client/user-token.ts';
import { allUpstreams } from './upstreams/index.ts';
import { createWebhooks, type Webhooks } from './webhooks/webhook-service.ts';

/** The options from which the services of `server/custom/services.ts` are created. */
export type ServiceOptions = {
  env: Env;
  log: Logger;
  upstreams: UpstreamClient;
  database: LazyDatabase;
};

type CustomServices = {
  [Name in keyof typeof customServices]: ReturnType<(typeof customServices)[Name]>;
};

/** The services that procedures and raw routes use. They do not depend on tRPC or Next. */
export type Services = CustomServices & {
  env: Env;
  log: Logger;
  upstreams: UpstreamClient;
  /** Returns the status of every upstream, merged over all workers. */
  upstreamStatus(): Promise<UpstreamStatus[]>;
  /** Returns the last hour of every upstream by name, summed over all workers. It is kept in memory. */
  upstreamHistories(): Promise<ReadonlyMap<string, UpstreamHistory>>;
  /** Yields this status, and then each change. */
  watchUpstreams(options: WatchOptions): AsyncIterable<UpstreamStatus[] | undefined>;
  database: LazyDatabase;
  mail: Mail;
  /** Files of users. */
  files: Files;
  /** Work that is done after the response, or at certain times. */
  jobs: Jobs;
  /** The webhooks of other systems that are received. */
  webhooks: Webhooks;
  /** Undefined if sign-in is off. */
  identity: Identity | undefined;
  feed: FeedSource;
  replays: ReplayGuard;
  rateLimiter: RateLimiter;
  /** Shares of one client in resources that all clients use. */
  shares: {
    upstreamCalls: ConcurrencyLimit;
    streams: ConcurrencyLimit;
    live: ConcurrencyLimit;
    /** Deliveries of webhooks that are being received. */
    deliveries: ConcurrencyLimit;
    uploads: ConcurrencyLimit;
    downloads: ConcurrencyLimit;
  };
  metrics: Metrics;
  /** Undefined if Redis is not configured. */
  redis: SharedRedis | undefined;
  /** Ends the running delivery attempt and jobs, and closes the database. The next use opens it again. */
  stop(): Promise<void>;
};

function createCustomServices(options: ServiceOptions): CustomServices {
  const created = Object.entries<(options: ServiceOptions) => unknown>(customServices).map(
    ([name, create]) => [name, create(options)] as const,
  );
  // TypeScript cannot infer the types of a loop over differently typed functions.
  return Object.fromEntries(created) as CustomServices;
}

export function createServices(options: { env: Env; log: Logger }): Services {
  const { env, log } = options;
  const shared = coordinator();
  const metrics = createMetrics(shared);
  const redis = env.REDIS_URL ? connectRedis(env.REDIS_URL, log) : undefined;
  const upstreams = createUpstreamClient(env, {
    upstreams: allUpstreams,
    observer: metrics.upstreams,
    shared: redis && createSharedCache(redis),
  });
  shared?.onBroadcast('upstreams', upstreams.snapshots);
  const hints = createHints({ redis, coordinator: shared, log });
  const database = createLazyDatabase(options);
  const identity = createIdentity({
    ...options,
    database,
    upstreams,
    redis,
    coordinator: shared,
    wakeDelivery: () => mail.wakeDelivery(),
    record: metrics.signInEnded,
    recordRefresh: metrics.tokensRefreshed,
    targets: tokenTargetsOf(allUpstreams, env),
  });
  const mail = createMail({
    ...options,
    database,
    record: metrics.mailEvent,
    coordinator: shared,
    notices: identity?.notices,
    hints,
  });
  const files = createFiles({ ...options, database, buckets: [...productBuckets, ...customBuckets] });
  const allJobs = [...productJobs, ...customJobs, ...customWebhooks.map(({ job }) => job)];
  const jobs = createJobs({
    ...options,
    jobs: allJobs,
    database,
    coordinator: shared,
    record: metrics.jobEvent,
    observe: metrics.jobEnded,
    services: () => created,
  });
  metrics.observeMailCounts(mail.operations.counts);
  metrics.observeJobCounts(allJobs, jobs.operations.counts);
  metrics.observeWebhooks(['revalidate', ...customWebhooks.map(({ name }) => name)]);
  if (identity) metrics.observeSessions(identity.openSessions);
  metrics.observeDependencies({
    database: () => database.lastState() === 'ok',
    ...(identity?.providerName !== undefined
      ? { identityProvider: () => identity.providerState() === 'ok' }
      : {}),
    ...(redis ? { redis: () => redis.lastState() === 'ok' } : {}),
  });
  async function otherSnapshots(): Promise<UpstreamSnapshot[]> {
    return z
      .array(snapshotsSchema)
      .parse((await shared?.broadcast('upstreams')) ?? [])
      .flat();
  }
  const upstreamStatus = async () => statusOf(upstreams.snapshots(), await otherSnapshots());
  const upstreamStates = createWatch<UpstreamStatus[]>({
    // There is one key: all upstreams.
    read: async ([key = '']) => new Map([[key, await upstreamStatus()]]),
    versionOf: upstreamVersion,
    interval: limits.live.lookInterval,
    keysInRead: 1,
    log,
  });
  const created: Services = {
    ...options,
    metrics,
    redis,
    upstreams,
    upstreamStatus,
    upstreamHistories: async () => historiesOf(upstreams.snapshots(), await otherSnapshots()),
    watchUpstreams: (watchOptions) => upstreamStates.states('all', watchOptions),
    ...createCustomServices({ ...options, upstreams, database }),
    database,
    mail,
    files,
    jobs,
    webhooks: createWebhooks({ webhooks: customWebhooks, secrets: env.WEBHOOK_SECRETS, jobs }),
    identity,
    async stop() {
      identity?.stopSweeping();
      await Promise.all([mail.pause(), jobs.pause()]);
      await Promise.all([database.close(), files.close()]);
    },
    feed: createFeedSource({
      ...options,
      fetchJson: (url, fetchOptions) => upstreams.fetchJson('feed', url, fetchOptions),
      generation: redis && createGeneration(redis),
      workers: shared && {
        onExpire: (expire) => shared.onBroadcast('expireFeed', expire),
        expireOthers: () => shared.broadcast('expireFeed'),
      },
    }),
    replays: createReplayGuard(redis, shared),
    shares: {
      upstreamCalls: createConcurrencyLimit({ total: Infinity, perClient: limits.upstream.callsPerClient }),
      streams: createConcurrencyLimit({ total: Infinity, perClient: limits.raw.streamsPerClient }),
      live: createConcurrencyLimit({
        total: limits.live.streams,
        perClient: limits.live.streamsPerClient,
      }),
      deliveries: createConcurrencyLimit(limits.webhook.concurrent),
      uploads: createConcurrencyLimit({
        total: limits.files.uploads,
        perClient: limits.files.uploadsPerClient,
      }),
      downloads: createConcurrencyLimit({ total: Infinity, perClient: limits.files.downloadsPerClient }),
    },
    rateLimiter: createRateLimiter({ rateLimits: env.RATE_LIMITS, redis, coordinator: shared }),
  };
  return created;
}

const processServices = defineSingleton('services', () => createServices({ env: env(), log: log() }));

/** Returns the services of this process. They are created on the first call. */
export function services(): Services {
  return processServices.get();
}
