import { formatValue } from './format.ts';

const points = [
  ['N', 'the north'],
  ['NE', 'the north-east'],
  ['E', 'the east'],
  ['SE', 'the south-east'],
  ['S', 'the south'],
  ['SW', 'the south-west'],
  ['W', 'the west'],
  ['NW', 'the north-west'],
] as const;

/** Returns the nearest of the eight points of the compass, or undefined if there is no wind or no direction. */
function pointOf(speed: number | null, direction: number | null): (typeof points)[number] | undefined {
  return direction === null || !speed ? undefined : points[Math.round(direction / 45) % points.length];
}

/** Formats a speed with the direction that the wind comes from: `12.3 km/h SW`. */
export function formatWind(speed: number | null, direction: number | null, unit: string): string {
  const point = pointOf(speed, direction);
  return formatValue(speed, unit) + (point ? ` ${point[0]}` : '');
}

/** Describes the wind in words: `12.3 km/h from the south-west`. */
export function describeWind(speed: number | null, direction: number | null, unit: string): string {
  const point = pointOf(speed, direction);
  return formatValue(speed, unit) + (point ? ` from ${point[1]}` : '');
}

/** Half the length of an arrow. */
const reach = 6;

/** An arrow in the direction that the wind blows to. It repeats the text next to it, so screen readers skip it. */
function WindArrow({ direction }: { direction: number | null }) {
  if (direction === null) return null;
  return (
    <svg viewBox="-8 -8 16 16" aria-hidden="true" className="wind-arrow inline-block size-4 shrink-0">
      <path d={windArrowPath} transform={`rotate(${arrowAngle(direction)})`} />
    </svg>
  );
}

/** An arrow around the origin that points up. */
export const windArrowPath = `M0 ${reach}V${-reach}M${-reach / 1.5} ${-reach / 4}L0 ${-reach}L${reach / 1.5} ${-reach / 4}`;

/** Returns the degrees to turn the arrow by. A wind from the north blows to the south. */
export function arrowAngle(direction: number): number {
  return (direction + 180) % 360;
}

/** The wind as text and arrow. */
export function Wind(props: { speed: number | null; direction: number | null; unit: string }) {
  const { speed, direction, unit } = props;
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap">
      {formatWind(speed, direction, unit)}
      {speed ? <WindArrow direction={direction} /> : null}
    </span>
  );
}
