import { type FilesStandIn, startFiles } from '#tests/support/upstreams/files.ts';
import { type StandIn, startStandIn } from '#tests/support/upstreams/stand-in.ts';
import { codeloadArchives } from './github/stand-in/codeload.ts';
import { githubApi } from './github/stand-in/github.ts';
import { airQualityApi, forecastApi, geocodingApi } from './weather/stand-in/open-meteo.ts';

/** The upstreams of the examples, each on its own loopback port. */
export interface ExampleStandIns {
  readonly openMeteo: StandIn;
  readonly airQuality: StandIn;
  readonly geocoding: StandIn;
  readonly github: StandIn;
  readonly codeload: StandIn;
  readonly files: FilesStandIn;
}

export async function startExampleStandIns(clock: () => number): Promise<ExampleStandIns> {
  return {
    openMeteo: await startStandIn(forecastApi(clock)),
    airQuality: await startStandIn(airQualityApi(clock)),
    geocoding: await startStandIn(geocodingApi()),
    github: await startStandIn(githubApi()),
    codeload: await startStandIn(codeloadArchives()),
    files: await startFiles(),
  };
}

/** Services with texts of users that examples call, as the demo starts them: their name and their setting. */
export const exampleUserTexts: readonly { kind: string; setting: string }[] = [
  { kind: 'notes', setting: 'NOTES_URL' },
];

/** The settings of a product that uses these stand-ins. */
export const exampleEnvOf = (standIns: ExampleStandIns) => ({
  OPEN_METEO_URL: standIns.openMeteo.url,
  OPEN_METEO_AIR_QUALITY_URL: standIns.airQuality.url,
  OPEN_METEO_GEOCODING_URL: standIns.geocoding.url,
  GITHUB_API_URL: standIns.github.url,
  GITHUB_ARCHIVE_URL: standIns.codeload.url,
  /** Its paths begin with `/files/`. */
  FILES_URL: standIns.files.url,
});
