/** The geometry of the chart. A value may be missing at any hour: lines have gaps there, bars are left out. */
type Values = readonly (number | null)[];

/** Lowest and highest value, widened to whole fives; never of no height. */
export function niceRange(values: Values, lowest?: number): [number, number] {
  const known = values.filter((value) => value !== null);
  const low = lowest ?? Math.floor(Math.min(...known) / 5) * 5;
  const high = Math.ceil(Math.max(...known, low) / 5) * 5;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 5];
  return [low, Math.max(high, low + 5)];
}

/** Maps a value to a height of the drawing, whose axis points down. */
export function scaleOf(
  [low, high]: readonly [number, number],
  [top, bottom]: readonly [number, number],
): (value: number) => number {
  return (value) => round(bottom - ((value - low) / (high - low)) * (bottom - top));
}

/** An SVG path through the values, with a gap where there is none. */
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
