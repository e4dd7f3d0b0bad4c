import { codeloadArchives } from './codeload.ts';
import { type FilesStandIn, startFiles } from './files.ts';
import { githubApi } from './github.ts';
import { airQualityApi, type Clock, forecastApi, geocodingApi } from './open-meteo.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

export type { DownloadFault } from './download.ts';
export type { Fault } from './fault.ts';
export type { FilesStandIn } from './files.ts';
export { patternAt, patternSha256 } from './pattern.ts';
export type { StandIn } from './stand-in.ts';

/** All stand-in upstreams, each on its own loopback port. */
export interface Upstreams {
  /** Environment for the product: base URLs without a trailing slash. */
  readonly env: {
    readonly OPEN_METEO_URL: string;
    readonly OPEN_METEO_AIR_QUALITY_URL: string;
    readonly OPEN_METEO_GEOCODING_URL: string;
    readonly GITHUB_API_URL: string;
    readonly GITHUB_ARCHIVE_URL: string;
    /** Its paths begin with `/files/`. */
    readonly FILES_URL: string;
  };
  readonly openMeteo: StandIn;
  readonly airQuality: StandIn;
  readonly geocoding: StandIn;
  readonly github: StandIn;
  readonly codeload: StandIn;
  readonly files: FilesStandIn;
  readonly close: () => Promise<void>;
}

/**
 * Starts the stand-ins: deterministic, offline, in the upstreams' own formats. Their data is synthetic and marked
 * as such (`synthetic: true`, "Synthetic stand-in: …").
 */
export async function startUpstreams({ clock = Date.now }: { clock?: Clock } = {}): Promise<Upstreams> {
  const [openMeteo, airQuality, geocoding, github, codeload, files] = await Promise.all([
    startStandIn(forecastApi(clock)),
    startStandIn(airQualityApi(clock)),
    startStandIn(geocodingApi()),
    startStandIn(githubApi()),
    startStandIn(codeloadArchives()),
    startFiles(),
  ]);
  return {
    env: {
      OPEN_METEO_URL: openMeteo.url,
      OPEN_METEO_AIR_QUALITY_URL: airQuality.url,
      OPEN_METEO_GEOCODING_URL: geocoding.url,
      GITHUB_API_URL: github.url,
      GITHUB_ARCHIVE_URL: codeload.url,
      FILES_URL: files.url,
    },
    openMeteo,
    airQuality,
    geocoding,
    github,
    codeload,
    files,
    close: async () => {
      const all = [openMeteo, airQuality, geocoding, github, codeload, files];
      await Promise.all(all.map((standIn) => standIn.close()));
    },
  };
}
