import { z } from 'zod';
import { type Env, env } from './config/env.ts';
import { createGeneration } from './feed/generation.ts';
import { createFeedSource, type FeedSource } from './feed/source.ts';
import { singleton } from './lib/singleton.ts';
import { createMail, type Mail } from './mail/mail-service.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type Logger, log } from './observability/log.ts';
import { coordinator } from './process/coordinator.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/rate-limiter.ts';
import { connectRedis, type SharedRedis } from './redis.ts';
import { createReplayGuard, type ReplayGuard } from './replay-guard.ts';
import { createUpstreamClient, type UpstreamClient } from './upstream-client/client.ts';
import { createSharedTier } from './upstream-client/shared-tier.ts';
import { snapshotsSchema, statusOf, type UpstreamStatus } from './upstream-client/status.ts';
import { allUpstreams } from './upstreams/index.ts';
import { createWeather, type Weather } from './weather/weather.ts';

/** What procedures and raw routes work with. None of it knows of tRPC or Next. */
export type Services = {
  env: Env;
  log: Logger;
  upstreams: UpstreamClient;
  /** Every upstream as this process, or all workers together, have seen it. */
  upstreamStatus(): Promise<UpstreamStatus[]>;
  weather: Weather;
  mail: Mail;
  feed: FeedSource;
  replays: ReplayGuard;
  rateLimiter: RateLimiter;
  metrics: Metrics;
  /** Undefined where the operator has none. */
  redis: SharedRedis | undefined;
};

export function createServices(options: { env: Env; log: Logger }): Services {
  const { env, log } = options;
  const shared = coordinator();
  const metrics = createMetrics(shared);
  const redis = env.REDIS_URL ? connectRedis(env.REDIS_URL, log) : undefined;
  const upstreams = createUpstreamClient(env, {
    upstreams: allUpstreams,
    observer: metrics.upstreams,
    shared: redis && createSharedTier(redis),
  });
  shared?.onAsk('upstreams', upstreams.sights);
  const mail = createMail({ ...options, record: metrics.mailEvent, machine: shared });
  metrics.watchMails(mail.operations.counts);
  return {
    ...options,
    metrics,
    redis,
    upstreams,
    async upstreamStatus() {
      const others = z.array(snapshotsSchema).parse((await shared?.askOthers('upstreams')) ?? []);
      return statusOf(upstreams.sights(), others.flat());
    },
    weather: createWeather({ ...options, upstreams }),
    mail,
    feed: createFeedSource({
      ...options,
      fetchJson: (url, fetchOptions) => upstreams.fetchJson('feed', url, fetchOptions),
      generation: redis && createGeneration(redis),
      workers: shared && {
        onExpire: (expire) => shared.onAsk('expireFeed', expire),
        expireOthers: () => shared.askOthers('expireFeed'),
      },
    }),
    replays: createReplayGuard(redis, shared),
    rateLimiter: createRateLimiter({ rateLimits: env.RATE_LIMITS, redis, machine: shared }),
  };
}

/** The services of this process. */
export function services(): Services {
  return singleton('services', () => createServices({ env: env(), log: log() }));
}
