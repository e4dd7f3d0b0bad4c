import { maxOtherShare, percent } from '../support/other-load.ts';
import { ratios, repeatability, type Spread, spreadOf } from '../support/statistics.ts';
import { type Cell, table } from '../support/table.ts';
import type { ContenderId } from './contenders.ts';
import type { Row } from './measure.ts';

type Figure = 'perSecond' | 'processor' | 'p50' | 'p99' | 'resident';

const figuresOf = (row: Row, figure: Figure) => row.rounds.map((round) => round[figure]);

export type Summary = {
  scenario: string;
  contender: string;
  id: ContenderId;
  requestsPerSecond: Spread;
  processorMicroseconds: Spread;
  p50Microseconds: Spread;
  p99Microseconds: Spread;
  residentMegabytes: number;
  /** Largest ratio of the median processor time of the even rounds to that of the odd ones, or its inverse. */
  repeatability: number;
  /** The largest share of a core that other programs used in a round. */
  otherShare: number;
  /** Ratios to other rows. `processor`: requests per processor time relative to the base; 2 is twice as good. */
  against: Partial<Record<string, { processor: Spread; perSecond: Spread; p99: Spread }>>;
};

/**
 * Summarizes one row of figures and compares it with other rows.
 *
 * @param bases rows to compare with, by their key in the result
 */
export function summarize(row: Row, bases: Readonly<Record<string, Row | undefined>>): Summary {
  const against = Object.entries(bases).flatMap(([name, base]) =>
    base && base !== row
      ? [
          [
            name,
            {
              processor: ratios(figuresOf(base, 'processor'), figuresOf(row, 'processor')),
              perSecond: ratios(figuresOf(row, 'perSecond'), figuresOf(base, 'perSecond')),
              p99: ratios(figuresOf(row, 'p99'), figuresOf(base, 'p99')),
            },
          ] as const,
        ]
      : [],
  );
  return {
    scenario: row.scenario,
    contender: row.running.contender.name,
    id: row.running.id,
    requestsPerSecond: spreadOf(figuresOf(row, 'perSecond')),
    processorMicroseconds: spreadOf(figuresOf(row, 'processor')),
    p50Microseconds: spreadOf(figuresOf(row, 'p50')),
    p99Microseconds: spreadOf(figuresOf(row, 'p99')),
    residentMegabytes: spreadOf(figuresOf(row, 'resident')).median,
    repeatability: repeatability(figuresOf(row, 'processor')),
    otherShare: Math.max(...row.rounds.map((round) => round.otherShare)),
    against: Object.fromEntries(against),
  };
}

/** Two halves of the rounds may differ by a tenth. With more, a figure is marked with ~. */
const maxDifference = 1.1;
const withDigits = (microseconds: number) =>
  microseconds.toFixed(microseconds < 10 ? 2 : microseconds < 100 ? 1 : 0);

const heads = ['', 'contender', 'req/s', 'cpu µs', 'p50 ms', 'p99 ms', 'RSS MB', 'others'];

export function printScenario(title: string, summaries: readonly Summary[]): void {
  const bases = [...new Set(summaries.flatMap(({ against }) => Object.keys(against)))];
  const baseHeads = bases.flatMap((base) => [`cpu vs ${base}`, `req/s vs ${base}`, `p99 vs ${base}`]);
  const rows = summaries.map((each): Cell[] => [
    each.id,
    each.contender,
    Math.round(each.requestsPerSecond.median),
    `${withDigits(each.processorMicroseconds.median)}${each.repeatability > maxDifference ? ' ~' : ''}`,
    each.p50Microseconds.median / 1000,
    each.p99Microseconds.median / 1000,
    Math.round(each.residentMegabytes),
    `${percent(each.otherShare)}${each.otherShare > maxOtherShare ? ' !' : ''}`,
    ...bases.flatMap((base): Cell[] => {
      const { processor, perSecond, p99 } = each.against[base] ?? {};
      return [withSpread(processor), withSpread(perSecond), withSpread(p99)];
    }),
  ]);
  console.log(`\n${title}\n${table([...heads, ...baseHeads], rows)}`);
}

export function withSpread(spread: Spread | undefined): string | undefined {
  if (!spread) return undefined;
  const [median, low, high] = [spread.median, spread.low, spread.high].map((value) => value.toFixed(2));
  return `${median} (${low}-${high})`;
}
