import { nearestCity } from './gazetteer.ts';
import { type Coordinates, field } from './noise.ts';
import type { Site } from './weather-model.ts';

/** The centre of the grid cell that a place falls into, and its ground. `step` in degrees. */
export function gridCell(at: Coordinates, step: number): Site {
  const cell = { latitude: snap(at.latitude, step), longitude: snap(at.longitude, step) };
  return { ...cell, elevation: elevationAt(cell) };
}

function snap(degrees: number, step: number): number {
  // Rounded to what the step can mean: 0.1 * 3 is not 0.3.
  return Number((Math.round(degrees / step) * step).toFixed(6)) + 0;
}

/** Metres: the nearest city's ground, else invented hills, and the ice sheet near the south pole. */
function elevationAt(at: Coordinates): number {
  const city = nearestCity(at, 40);
  if (city) return city.elevation;
  if (at.latitude < -78) return 2800;
  return Math.round(600 * field(81, at, 0, { degrees: 2, hours: 1 }) ** 2);
}
