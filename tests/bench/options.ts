import { parseArgs } from 'node:util';
import { type ContenderId, contenderIds } from './http/contenders.ts';
import { BenchError } from './support/tools.ts';

export const sections = [
  'rpc',
  'text',
  'refused',
  'stream',
  'memory',
  'cores',
  'start',
  'deployed',
  'types',
  'upstream',
  'mail',
  'paint',
  'pages',
  'door',
] as const;
export type Section = (typeof sections)[number];

export type Options = {
  only: readonly Section[];
  contenders: readonly ContenderId[];
  rounds: number;
  seconds: number;
  connections: number;
  build: boolean;
};

export const usage = `npm run bench -- [options]
  --only=rpc,text         parts to measure, of ${sections.join(', ')} (all)
  --contenders=a,c,f      servers, of ${contenderIds.join(', ')} (all)
  --rounds=5              rounds of each measurement
  --seconds=2             seconds of each
  --connections=16        connections that wait for their answers
  --no-build              takes the builds that are there`;

/** @throws BenchError that says what is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  return {
    only: listOf(values.only, sections, '--only'),
    contenders: listOf(values.contenders, contenderIds, '--contenders'),
    rounds: countOf(values.rounds, '--rounds'),
    seconds: countOf(values.seconds, '--seconds'),
    connections: countOf(values.connections, '--connections'),
    build: values.build,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        only: { type: 'string' },
        contenders: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '2' },
        connections: { type: 'string', default: '16' },
        build: { type: 'boolean', default: true },
      },
    });
  } catch (error) {
    throw new BenchError(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}

function listOf<T extends string>(given: string | undefined, known: readonly T[], option: string): T[] {
  if (given === undefined) return [...known];
  return given.split(',').map((name) => {
    const found = known.find((each) => each === name.trim());
    if (found === undefined) throw new BenchError(`${option}: there is no "${name}"\n\n${usage}`);
    return found;
  });
}

function countOf(given: string, option: string): number {
  if (/^[1-9]\d{0,3}$/.test(given)) return Number(given);
  throw new BenchError(`${option} must be a whole number from 1 on\n\n${usage}`);
}
