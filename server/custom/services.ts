import type { ServiceOptions } from '../services.ts';
import { createWeather } from '../weather/weather.ts';

/** Your own services by name: how each is created, once in each process. Procedures find them in `ctx.services`. */
export const customServices = { weather: createWeather } satisfies Record<
  string,
  (options: ServiceOptions) => unknown
>;
