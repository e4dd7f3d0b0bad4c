import { type ExampleStandIns, exampleEnvOf, startExampleStandIns } from '#tests/examples/stand-ins.ts';
import { type FixtureStandIns, fixtureEnvOf, startFixtureStandIns } from '#tests/fixtures/stand-ins/index.ts';

export type { DownloadFault } from './download.ts';
export type { Fault } from './fault.ts';
export type { FilesStandIn } from './files.ts';
export { patternAt, patternSha256 } from './pattern.ts';
export type { StandIn } from './stand-in.ts';

type StandIns = FixtureStandIns & ExampleStandIns;

/** The stand-ins for the upstreams of the fixtures and the examples, each on its own loopback port. */
export type Upstreams = StandIns & {
  /** Environment for the product: base URLs without a trailing slash. */
  readonly env: ReturnType<typeof fixtureEnvOf> & ReturnType<typeof exampleEnvOf>;
  /** Clears the faults and the recorded requests of all stand-ins. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
};

/**
 * Starts the stand-ins: deterministic, offline, in the upstreams' own formats. Their data is synthetic and marked
 * as such (`synthetic: true`, "Synthetic stand-in: …").
 */
export async function startUpstreams({
  clock = Date.now,
}: {
  clock?: () => number;
} = {}): Promise<Upstreams> {
  const [fixtures, examples] = await Promise.all([startFixtureStandIns(clock), startExampleStandIns(clock)]);
  const standIns: StandIns = { ...fixtures, ...examples };
  const all = Object.values(standIns);
  return {
    ...standIns,
    env: { ...fixtureEnvOf(fixtures), ...exampleEnvOf(examples) },
    reset: () => {
      for (const standIn of all) {
        standIn.fault(undefined);
        standIn.requests.length = 0;
      }
    },
    close: async () => {
      await Promise.all(all.map((standIn) => standIn.close()));
    },
  };
}
