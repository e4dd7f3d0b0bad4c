/** One value per hour. A missing value (null) leaves a gap in a line and omits a bar. */
type Values = readonly (number | null)[];

/**
 * Returns the lowest and highest value, rounded down and up to multiples of 5. The range is at least 5.
 *
 * @param lowest replaces the lowest value and is not rounded
 */
export function niceRange(values: Values, lowest?: number): [number, number] {
  const known = values.filter((value) => value !== null);
  const low = lowest ?? Math.floor(Math.min(...known) / 5) * 5;
  const high = Math.ceil(Math.max(...known, low) / 5) * 5;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 5];
  return [low, Math.max(high, low + 5)];
}

/** Returns a function that maps a value to a y coordinate. The y axis of SVG points down. */
export function scaleOf(
  [low, high]: readonly [number, number],
  [top, bottom]: readonly [number, number],
): (value: number) => number {
  return (value) => round(bottom - ((value - low) / (high - low)) * (bottom - top));
}

/** Returns an SVG path through the values, with a gap at each missing value. */
export function linePath(values: Values, x: (index: number) => number, y: (value: number) => number): string {
  let drawing = false;
  return values
    .map((value, index) => {
      const command = drawing ? 'L' : 'M';
      drawing = value !== null;
      return value === null ? '' : `${command}${round(x(index))} ${y(value)}`;
    })
    .join('');
}

export function barsOf(
  values: Values,
  y: (value: number) => number,
): { index: number; top: number; height: number }[] {
  const floor = y(0);
  return values.flatMap((value, index) =>
    value === null || value <= 0 ? [] : [{ index, top: y(value), height: round(floor - y(value)) }],
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
