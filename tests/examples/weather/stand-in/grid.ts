import { nearestCity } from './gazetteer.ts';
import { type Coordinates, field } from './noise.ts';
import type { Site } from './weather-model.ts';

/** Returns the centre and the elevation of the grid cell of a place. `step` in degrees. */
export function gridCell(at: Coordinates, step: number): Site {
  const cell = { latitude: snap(at.latitude, step), longitude: snap(at.longitude, step) };
  return { ...cell, elevation: elevationAt(cell) };
}

function snap(degrees: number, step: number): number {
  // Removes floating-point error: 0.1 * 3 is not 0.3.
  return Number((Math.round(degrees / step) * step).toFixed(6)) + 0;
}

/** Returns metres: the elevation of a nearby city, otherwise synthetic hills or the ice sheet near the south pole. */
function elevationAt(at: Coordinates): number {
  const city = nearestCity(at, 40);
  if (city) return city.elevation;
  if (at.latitude < -78) return 2800;
  return Math.round(600 * field(81, at, 0, { degrees: 2, hours: 1 }) ** 2);
}
