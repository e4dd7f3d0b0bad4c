import { checkUpstreams } from '../upstream-client/declaration.ts';
import { codeload } from './codeload.ts';
import { files } from './files.ts';
import { github } from './github.ts';
import { openMeteoAirQuality, openMeteoForecast, openMeteoGeocoding } from './open-meteo.ts';

/** The backends that `proxy.<upstream>.<endpoint>` and `/api/raw` offer. Adding one is its file and a line here. */
export const proxiedUpstreams = { github, codeload, files };

/** Every backend, those that procedures of their own are made from too. */
export const allUpstreams = [
  openMeteoForecast,
  openMeteoAirQuality,
  openMeteoGeocoding,
  ...Object.values(proxiedUpstreams),
];

checkUpstreams(allUpstreams);
