/** The coordinates of a sparkline. It is stretched to the width of its place. */
export const sparklineSize = { width: 240, height: 40 };

/** Space above and below, so that no stroke is cut off. */
const padding = 2;

const heightOf = (value: number, max: number) =>
  max > 0 ? (value / max) * (sparklineSize.height - 2 * padding) : 0;

const rounded = (coordinate: number) => Math.round(coordinate * 10) / 10;

/**
 * Returns the path of a line through values at equal distances, with a gap where a value is null. A value between two
 * gaps is a line without length, which round caps show as a dot.
 *
 * @param max the value at the upper edge
 */
export function linePath(values: readonly (number | null)[], max: number): string {
  const step = sparklineSize.width / values.length;
  let isDrawing = false;
  return values
    .map((value, index) => {
      const continues = isDrawing;
      isDrawing = value !== null;
      if (value === null) return '';
      const x = rounded((index + 0.5) * step);
      const y = rounded(sparklineSize.height - padding - heightOf(value, max));
      if (continues) return `L${x} ${y}`;
      return `M${x} ${y}L${x} ${y}`;
    })
    .join('');
}

/** Returns the path of one bar for each value above zero. A small value is at least as high as a line is thick. */
export function barsPath(values: readonly number[], max: number): string {
  const step = sparklineSize.width / values.length;
  const width = rounded(step * 0.7);
  return values
    .map((value, index) => {
      if (value <= 0) return '';
      const height = rounded(Math.max(padding, heightOf(value, max)));
      const x = rounded(index * step + (step - width) / 2);
      return `M${x} ${sparklineSize.height}v${-height}h${width}v${height}z`;
    })
    .join('');
}
