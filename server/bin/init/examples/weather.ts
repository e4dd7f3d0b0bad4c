import { edit } from '../../new/change.ts';
import { cut, cutLines, cutName, cutUntil, type Example, swap, withoutSettings } from '../example.ts';

const url = (name: string, comment: string, address: string) => ({
  name,
  comment,
  declaration: `  ${name}: baseUrl.default('${address}'),\n`,
  isUrl: true,
});

export const weather: Example = {
  name: 'weather',
  summary: 'the page /weather, weather.* and Open-Meteo',
  paths: [
    'app/(interactive)/weather/',
    'server/weather/',
    'server/trpc/procedures/weather.ts',
    'server/upstreams/open-meteo.ts',
    'tests/examples/weather/',
    'docs/decisions/001-location-in-a-cookie.md',
    'tests/bench/paint.ts',
  ],
  packages: ['downshift'],
  changes: [
    ...withoutSettings([
      url('OPEN_METEO_URL', 'Weather forecasts.', 'https://api.open-meteo.com'),
      url('OPEN_METEO_AIR_QUALITY_URL', 'Air quality.', 'https://air-quality-api.open-meteo.com'),
      url('OPEN_METEO_GEOCODING_URL', 'Search for places.', 'https://geocoding-api.open-meteo.com'),
      {
        name: 'OPEN_METEO_METHOD',
        comment: '`POST` sends the place in the body, `GET` in the URL.',
        declaration: "  OPEN_METEO_METHOD: z.enum(['POST', 'GET']).default('POST'),\n",
        isUrl: false,
      },
    ]),
    edit(
      'server/custom/pages.ts',
      cutUntil("  {\n    path: '/weather',", '  {\n    path:'),
      cut("'/weather/choose', "),
    ),
    edit(
      'server/custom/procedures.ts',
      cutLines('import { weather }'),
      cutName('customProcedures = {', '}', 'weather'),
    ),
    edit(
      'server/custom/upstreams.ts',
      cutLines('import { openMeteoUpstreams }'),
      cut('...openMeteoUpstreams'),
    ),
    edit(
      'server/custom/services.ts',
      cutLines('import { createWeather }'),
      cutName('customServices = {', '}', 'weather: createWeather'),
    ),
    edit('docs/routes.md', cutLines('| `weather.forecast`')),
    edit('docs/failures.md', cut(', `tests/examples/weather/late-data.browser.e2e.test.ts`')),
    edit(
      'tests/bench/run.ts',
      cutLines(
        'import { measurePaint }',
        'import { requireChromium }',
        "if (needs('paint')) requireChromium",
      ),
      cutLines("if (needs('paint')) peers", "if (only.includes('paint'))"),
    ),
    edit('tests/bench/options.ts', cutLines("'paint',")),
    edit('tests/support/chromium.ts', swap('export const requireChromium', 'const requireChromium')),
    edit(
      'docs/architecture.md',
      swap('  weather/, mail/, feed/   services', '  mail/, feed/     services'),
      cut('weather, '),
    ),
    edit('app/account/page.tsx', cut(' Save one on the <a href="/weather">weather page</a>.')),
    edit('client/examples/script.ts', cutUntil('  const [place] = await', '  const { data }')),
    edit(
      'tests/examples/stand-ins.ts',
      cutLines('import { airQualityApi,'),
      cutLines('readonly openMeteo:', 'readonly airQuality:', 'readonly geocoding:'),
      cutLines('openMeteo: await', 'airQuality: await', 'geocoding: await'),
      cutLines('OPEN_METEO_URL:', 'OPEN_METEO_AIR_QUALITY_URL:', 'OPEN_METEO_GEOCODING_URL:'),
      swap('clock: () => number', '_clock: () => number'),
    ),
    edit('tests/support/healthy-history.ts', cutLines("'weather.forecast':", "'weather.places':")),
    edit('tests/architecture/arrows.unit.test.ts', cutLines("'server/weather',"), cut('weather|')),
  ],
};
