/**
 * An example script: `npm run example` runs it against http://localhost:3000 or the address in its argument. All calls
 * are typed: if a field is renamed on the server, this file no longer compiles.
 */
import { createScriptClient, errorData } from '#client/node.ts';

const api = createScriptClient({ baseUrl: process.argv[2] ?? 'http://localhost:3000' });

try {
  const endpoints = await api.proxy.endpoints.query();
  console.log(`${endpoints.length} endpoints of other backends`);

  const { res } = await api.echo.body.mutate({ when: new Date(), tags: new Set(['typed']), big: 2n ** 64n });
  console.log('echo.body:', res);

  const [place] = await api.weather.places.query({ name: 'Berlin', count: 1 });
  if (place) {
    const { current, units, source } = await api.weather.forecast.query({ lat: place.lat, lng: place.lng });
    const { temperature, summary } = current ?? {};
    console.log(
      `weather in ${place.name}: ${temperature ?? '?'} ${units.temperature}, ${summary ?? 'unknown'}`,
    );
    console.log(`from ${source.provider}, ${source.cache}, ${source.ageSeconds} s old`);
  }

  const { data } = await api.proxy.github.repository.query({ params: { owner: 'trpc', repo: 'trpc' } });
  console.log(`${data.full_name}: ${data.stargazers_count} stars`);
} catch (error) {
  const failure = errorData(error);
  console.error(failure ? `${failure.reason} (request ${failure.requestId})` : error);
  process.exitCode = 1;
}
