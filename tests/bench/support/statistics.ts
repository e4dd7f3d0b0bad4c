/** What a row of rounds says: the middle one, and how far the others are from it. */
export type Spread = { median: number; low: number; high: number };

/** The value below which the given part of them lies, between two neighbours where it falls between them. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = part * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), low: quantile(values, 0), high: quantile(values, 1) };
}

/**
 * How many times the base's figure ours is, round by round: the two of a round share a moment of the machine, those of
 * different rounds do not.
 */
export function ratios(ours: readonly number[], base: readonly number[]): Spread {
  return spreadOf(
    ours.flatMap((value, round) => {
      const other = base[round];
      return other === undefined || other === 0 ? [] : [value / other];
    }),
  );
}
