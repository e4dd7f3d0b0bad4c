import { parseArgs } from 'node:util';
import { type ContenderId, contenderIds } from './http/contenders.ts';
import { BenchError } from './support/tools.ts';

const sections = [
  'rpc',
  'text',
  'rejected',
  'callers',
  'stream',
  'memory',
  'cores',
  'start',
  'deployed',
  'types',
  'upstream',
  'mail',
  'locked',
  'live',
  'paint',
  'pages',
  'handler',
] as const;
export type Section = (typeof sections)[number];

export type Options = {
  only: readonly Section[];
  contenders: readonly ContenderId[];
  rounds: number;
  seconds: number;
  connections: number;
  build: boolean;
  busy: boolean;
};

const usage = `npm run bench -- [options]
  --only=rpc,text         sections to run: ${sections.join(', ')} (default: all)
  --contenders=a,c,f      servers to measure: ${contenderIds.join(', ')} (default: all)
  --rounds=5              rounds per measurement
  --seconds=2             seconds per round
  --connections=16        concurrent connections
  --no-build              reuse the existing builds
  --busy                  measure although other programs use the processor`;

/** @throws BenchError that names the invalid option */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  return {
    only: listOf(values.only, sections, '--only'),
    contenders: listOf(values.contenders, contenderIds, '--contenders'),
    rounds: countOf(values.rounds, '--rounds'),
    seconds: countOf(values.seconds, '--seconds'),
    connections: countOf(values.connections, '--connections'),
    build: values.build,
    busy: values.busy,
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
        busy: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new BenchError(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}

function listOf<T extends string>(value: string | undefined, allowed: readonly T[], option: string): T[] {
  if (value === undefined) return [...allowed];
  return value.split(',').map((name) => {
    const found = allowed.find((each) => each === name.trim());
    if (found === undefined) throw new BenchError(`${option}: unknown value "${name}"\n\n${usage}`);
    return found;
  });
}

function countOf(value: string, option: string): number {
  if (/^[1-9]\d{0,3}$/.test(value)) return Number(value);
  throw new BenchError(`${option} must be an integer from 1 to 9999\n\n${usage}`);
}
