/** Median and range of a figure over several rounds. */
export type Spread = { median: number; low: number; high: number };

/** The quantile of the values at `part` (0 to 1), interpolated linearly between neighbours. */
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
 * Our figure divided by the base's, round by round. Only figures of the same round are compared, because they share the
 * state of the machine at that moment.
 */
export function ratios(ours: readonly number[], base: readonly number[]): Spread {
  return spreadOf(
    ours.flatMap((value, round) => {
      const other = base[round];
      return other === undefined || other === 0 ? [] : [value / other];
    }),
  );
}

/** Returns how much the medians of the even and of the odd rounds differ, as a ratio of at least 1. */
export function repeatability(rounds: readonly number[]): number {
  if (rounds.length < 2) return 1;
  const half = (rest: number) =>
    quantile(
      rounds.filter((_, index) => index % 2 === rest),
      0.5,
    );
  const ratio = half(0) / half(1);
  return Math.max(ratio, 1 / ratio);
}
