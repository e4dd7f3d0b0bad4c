/** Times are in milliseconds. */
export const weatherLimits = {
  /** Interval at which watched forecasts are looked at. They come from the cache until it is stale. */
  lookInterval: 60_000,
  /** Maximum number of forecasts that are looked at together. */
  watchedInOneRead: 10,
  /** Time that a forecast is fresh. Open-Meteo's models are computed hourly. */
  freshFor: 10 * 60_000,
  /** Time that a stale forecast is served while a new one is fetched. */
  staleWhileRevalidateFor: 20 * 60_000,
  /** Time that a stale forecast is served when Open-Meteo fails. */
  staleIfErrorFor: 24 * 60 * 60_000,
  placesFreshFor: 24 * 60 * 60_000,
  placesStaleIfErrorFor: 7 * 24 * 60 * 60_000,
  /** Time that a forecast waits for the air quality. The request for the air quality continues after that. */
  airQualityTimeout: 1_000,
} as const;
