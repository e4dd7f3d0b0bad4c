/** A point on the globe, in degrees. */
export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

/** The lattice spacing of a field. `degrees` must divide 360, so that the field is continuous at the date line. */
export interface FieldScale {
  readonly degrees: number;
  readonly hours: number;
}

const HOUR_MS = 3_600_000;

/** Hashes integers to [0, 1): multiply-xorshift rounds with the constants of MurmurHash3's finalizer (fmix32). */
export function hash(seed: number, ...parts: readonly number[]): number {
  let h = seed | 0;
  for (const part of parts) {
    h = Math.imul(h ^ part, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return (h >>> 0) / 2 ** 32;
}

/**
 * Returns smooth value noise in [0, 1] over latitude, longitude and time (epoch ms): random values on a lattice,
 * interpolated with smoothstep.
 */
export function field(seed: number, at: Coordinates, time: number, scale: FieldScale): number {
  const columns = Math.round(360 / scale.degrees);
  const x = (at.longitude + 180) / scale.degrees;
  const y = (at.latitude + 90) / scale.degrees;
  const z = time / (scale.hours * HOUR_MS);
  const [x0, y0, z0] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const corner = (dx: number, dy: number, dz: number) =>
    hash(seed, (((x0 + dx) % columns) + columns) % columns, y0 + dy, z0 + dz);
  const along = (dy: number, dz: number) => mix(corner(0, dy, dz), corner(1, dy, dz), fade(x - x0));
  const plane = (dz: number) => mix(along(0, dz), along(1, dz), fade(y - y0));
  return mix(plane(0), plane(1), fade(z - z0));
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function fade(t: number): number {
  return t * t * (3 - 2 * t);
}
