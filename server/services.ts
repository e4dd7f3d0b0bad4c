import { type Env, env } from './env.ts';
import { createFeedSource, type FeedSource } from './feed/source.ts';
import { type Logger, log } from './log.ts';
import { createMail, type Mail } from './mail/mail.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/rate-limiter.ts';
import { singleton } from './singleton.ts';
import { createUpstreamClient, type UpstreamClient } from './upstream/client.ts';
import { createWeather, type Weather } from './weather/weather.ts';

/** What procedures and raw routes work with. None of it knows of tRPC or Next. */
export type Services = {
  env: Env;
  log: Logger;
  upstreams: UpstreamClient;
  weather: Weather;
  mail: Mail;
  feed: FeedSource;
  rateLimiter: RateLimiter;
  metrics: Metrics;
};

export function createServices(options: { env: Env; log: Logger }): Services {
  const upstreams = createUpstreamClient(options.env);
  return {
    ...options,
    upstreams,
    weather: createWeather({ ...options, upstreams }),
    mail: createMail(options),
    feed: createFeedSource({ ...options, fetchJson: upstreams.fetchJson }),
    rateLimiter: createRateLimiter({
      rateLimits: options.env.RATE_LIMITS,
      redisUrl: options.env.REDIS_URL,
      log: options.log,
    }),
    metrics: createMetrics(),
  };
}

/** The services of this process. */
export function services(): Services {
  return singleton('services', () => createServices({ env: env(), log: log() }));
}
