/** One value per hour. A missing value (null) leaves a gap in a line and omits a bar. */
type Values = readonly (number | null)[];

/**
 * Returns round values that an axis is labelled with: multiples of 1, 2 or 5 times a power of ten, in equal steps. The
 * first is at or below the lowest value, the last at or above the highest.
 *
 * @param include values that the axis contains in addition, such as 0
 * @param steps the wanted number of steps; the result has at most two more ticks than that
 * @param smallestStep the smallest distance between two labels
 */
export function roundTicks(
  values: Values,
  {
    include = [],
    steps = 3,
    smallestStep = 1,
  }: { include?: number[]; steps?: number; smallestStep?: number },
): number[] {
  const known = [...values.filter((value) => value !== null), ...include];
  const low = known.length === 0 ? 0 : Math.min(...known);
  const high = known.length === 0 ? 0 : Math.max(...known);
  const step = roundStep(Math.max((high - low) / steps, smallestStep));
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  // Whole numbers of steps, because a sum of 0.1 and 0.2 is not 0.3.
  return Array.from({ length: last - first + 1 }, (_, index) => rounded((first + index) * step, 6));
}

/** Returns the smallest of 1, 2 and 5 times a power of ten that is not below `size`. */
function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const factor = [1, 2, 5].find((each) => each * power >= size * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Returns a function that maps a value to a y coordinate. The y axis of SVG points down. */
export function scaleOf(ticks: readonly number[], [top, bottom]: readonly [number, number]) {
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  return (value: number): number => rounded(bottom - ((value - low) / (high - low)) * (bottom - top), 1);
}

/** Returns an SVG path through the values, one unit apart, with a gap at each missing value. */
export function linePath(values: Values, y: (value: number) => number): string {
  let drawing = false;
  return values
    .map((value, index) => {
      const command = drawing ? 'L' : 'M';
      drawing = value !== null;
      return value === null ? '' : `${command}${index} ${y(value)}`;
    })
    .join('');
}

export function barsOf(
  values: Values,
  y: (value: number) => number,
): { index: number; top: number; height: number }[] {
  const floor = y(0);
  return values.flatMap((value, index) =>
    value === null || value <= 0 ? [] : [{ index, top: y(value), height: rounded(floor - y(value), 1) }],
  );
}

/** Returns the first and last index of each run of true. */
export function runsOf(flags: readonly boolean[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const [index, flag] of flags.entries()) {
    const run = runs.at(-1);
    if (!flag) continue;
    if (run && run[1] === index - 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs;
}

/** Returns the position of a value between two others in percent. */
export function percentOf(value: number, [low, high]: readonly [number, number]): number {
  return high === low ? 0 : rounded(((value - low) / (high - low)) * 100, 2);
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
