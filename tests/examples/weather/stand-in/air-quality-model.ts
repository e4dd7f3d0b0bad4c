import { type Coordinates, clamp, field } from './noise.ts';

/** Synthetic air quality at one moment. Concentrations in μg/m³, indices without a unit. */
export interface Air {
  readonly time: number;
  readonly pm10: number;
  readonly pm25: number;
  readonly ozone: number;
  readonly nitrogenDioxide: number;
  readonly europeanAqi: number;
  readonly usAqi: number;
}

const HOUR_MS = 3_600_000;
const SCALE = { degrees: 3, hours: 20 };

/** Concentration bounds of the 0-20-40-60-80-100 bands, as in https://open-meteo.com/en/docs/air-quality-api. */
const EUROPEAN_BANDS = {
  pm25: [0, 10, 20, 25, 50, 75],
  pm10: [0, 20, 40, 50, 100, 150],
  nitrogenDioxide: [0, 40, 90, 120, 230, 340],
  ozone: [0, 50, 100, 130, 240, 380],
} as const;
const EUROPEAN_STEPS = [0, 20, 40, 60, 80, 100];
/** US EPA breakpoints (particulates only: they determine the index in nearly every hour). */
const US_BANDS = { pm25: [0, 9, 35.4, 55.4, 125.4, 225.4], pm10: [0, 54, 154, 254, 354, 424] } as const;
const US_STEPS = [0, 50, 100, 150, 200, 300];

/** Returns deterministic synthetic air quality: smooth noise, rush hours by solar time, ozone in the afternoon. */
export function airAt(at: Coordinates, time: number): Air {
  const solarHour = time / HOUR_MS + at.longitude / 15;
  const traffic = 0.5 + 0.5 * Math.cos((4 * Math.PI * (solarHour - 8)) / 24);
  const afternoon = 0.5 + 0.5 * Math.cos((2 * Math.PI * (solarHour - 15)) / 24);
  const pm25 = 3 + 26 * field(61, at, time, SCALE) ** 2 + 3 * traffic;
  const pm10 = pm25 * (1.4 + 0.6 * field(67, at, time, SCALE));
  const ozone = 30 + 50 * afternoon + 40 * field(71, at, time, SCALE);
  const nitrogenDioxide = 4 + 22 * traffic * field(73, at, time, SCALE);
  const air = { pm10, pm25, ozone, nitrogenDioxide };
  return { time, ...air, europeanAqi: europeanAqi(air), usAqi: usAqi(air) };
}

type Pollutants = Pick<Air, 'pm10' | 'pm25' | 'ozone' | 'nitrogenDioxide'>;

function europeanAqi(air: Pollutants): number {
  return Math.max(
    index(air.pm25, EUROPEAN_BANDS.pm25, EUROPEAN_STEPS),
    index(air.pm10, EUROPEAN_BANDS.pm10, EUROPEAN_STEPS),
    index(air.ozone, EUROPEAN_BANDS.ozone, EUROPEAN_STEPS),
    index(air.nitrogenDioxide, EUROPEAN_BANDS.nitrogenDioxide, EUROPEAN_STEPS),
  );
}

function usAqi(air: Pollutants): number {
  return Math.max(index(air.pm25, US_BANDS.pm25, US_STEPS), index(air.pm10, US_BANDS.pm10, US_STEPS));
}

/** Interpolates linearly between breakpoints, as both agencies define their indices, up to the last step. */
function index(value: number, bounds: readonly number[], steps: readonly number[]): number {
  for (let band = 1; band < bounds.length; band += 1) {
    const [low = 0, high = 0] = [bounds[band - 1], bounds[band]];
    const [from = 0, to = 0] = [steps[band - 1], steps[band]];
    if (value <= high) return from + (to - from) * clamp((value - low) / (high - low), 0, 1);
  }
  return steps.at(-1) ?? 0;
}
