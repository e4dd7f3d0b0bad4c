import type { Env } from '../config/env.ts';
import type { Logger } from '../observability/log.ts';
import type { LazyDatabase } from '../storage/lazy-database.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import { createWeather, type Weather } from '../weather/weather.ts';

/** Your own services, which procedures and raw routes find in `services`. */
export type CustomServices = {
  weather: Weather;
};

/** Creates your own services, once in each process. */
export function createCustomServices(options: {
  env: Env;
  log: Logger;
  upstreams: UpstreamClient;
  database: LazyDatabase;
}): CustomServices {
  return {
    weather: createWeather(options),
  };
}
