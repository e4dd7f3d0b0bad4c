type Place = { lat: number; lng: number; days?: 1 | 7 | 16; units?: 'metric' | 'imperial' };

/** The place that the weather page shows to a new visitor. */
export const defaultPlace = { lat: 52.52, lng: 13.41 };

/**
 * Fetches a forecast, so that it is cached. Pages do not wait for a late forecast: on a busy machine, an uncached one
 * could be missing from the HTML.
 */
export async function warmForecast(
  { baseUrl }: { baseUrl: string },
  { days = 7, units = 'metric', ...position }: Place = defaultPlace,
  headers: Record<string, string> = {},
): Promise<void> {
  const response = await fetch(`${baseUrl}/api/trpc/weather.forecast`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ json: { ...position, days, units } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the forecast cannot be fetched: ${text}`);
}
