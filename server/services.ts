import { type Env, env } from './env.ts';
import { createGeneration } from './feed/generation.ts';
import { createFeedSource, type FeedSource } from './feed/source.ts';
import { type Logger, log } from './log.ts';
import { createMail, type Mail } from './mail/mail.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/rate-limiter.ts';
import { connectRedis, type SharedRedis } from './redis.ts';
import { createReplayGuard, type ReplayGuard } from './replay-guard.ts';
import { singleton } from './singleton.ts';
import { createUpstreamClient, type UpstreamClient } from './upstream/client.ts';
import { createSharedTier } from './upstream/shared-tier.ts';
import { allUpstreams } from './upstreams/index.ts';
import { createWeather, type Weather } from './weather/weather.ts';

/** What procedures and raw routes work with. None of it knows of tRPC or Next. */
export type Services = {
  env: Env;
  log: Logger;
  upstreams: UpstreamClient;
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
  const metrics = createMetrics();
  const redis = env.REDIS_URL ? connectRedis(env.REDIS_URL, log) : undefined;
  const upstreams = createUpstreamClient(env, {
    upstreams: allUpstreams,
    observer: metrics.upstreams,
    shared: redis && createSharedTier(redis),
  });
  const mail = createMail({ ...options, record: metrics.mailEvent });
  metrics.watchMails(mail.operations.counts);
  return {
    ...options,
    metrics,
    redis,
    upstreams,
    weather: createWeather({ ...options, upstreams }),
    mail,
    feed: createFeedSource({
      ...options,
      fetchJson: (url, fetchOptions) => upstreams.fetchJson('feed', url, fetchOptions),
      generation: redis && createGeneration(redis),
    }),
    replays: createReplayGuard(redis),
    rateLimiter: createRateLimiter({ rateLimits: env.RATE_LIMITS, redis }),
  };
}

/** The services of this process. */
export function services(): Services {
  return singleton('services', () => createServices({ env: env(), log: log() }));
}
