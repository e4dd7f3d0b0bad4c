import { checkUpstreams } from '../upstream-client/declaration.ts';
import { codeload } from './codeload.ts';
import { files } from './files.ts';
import { github } from './github.ts';
import { notes } from './notes.ts';
import { openMeteoAirQuality, openMeteoForecast, openMeteoGeocoding } from './open-meteo.ts';

/** Upstreams that `proxy.<upstream>.<endpoint>` and `/api/raw` expose. To add one, add its file and list it here. */
export const proxiedUpstreams = { github, codeload, files, notes };

/** All upstreams, including those that only dedicated procedures use. */
export const allUpstreams = [
  openMeteoForecast,
  openMeteoAirQuality,
  openMeteoGeocoding,
  ...Object.values(proxiedUpstreams),
];

checkUpstreams(allUpstreams);
