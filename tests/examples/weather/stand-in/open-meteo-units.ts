import { localTime } from './zone.ts';

/** The units of one request. The first of each type is the default. */
export interface Units {
  readonly temperature: 'celsius' | 'fahrenheit';
  readonly windSpeed: 'kmh' | 'ms' | 'mph' | 'kn';
  readonly precipitation: 'mm' | 'inch';
}

export const TEMPERATURE_UNITS = ['celsius', 'fahrenheit'] as const;
export const WIND_SPEED_UNITS = ['kmh', 'ms', 'mph', 'kn'] as const;
export const PRECIPITATION_UNITS = ['mm', 'inch'] as const;

/** The physical quantity of a variable. It determines unit, conversion and decimals. */
export type Quantity =
  | 'temperature'
  | 'windSpeed'
  | 'precipitation'
  | 'percent'
  | 'direction'
  | 'pressure'
  | 'weatherCode'
  | 'flag'
  | 'uvIndex'
  | 'localTime'
  | 'europeanAqi'
  | 'usAqi'
  | 'concentration';

/** The units of a response, and the UTC offset of its local times. */
export interface Rendering {
  readonly units: Units;
  readonly utcOffsetSeconds: number;
}

interface Scale {
  readonly label: string;
  readonly decimals: number;
  readonly convert: (value: number) => number;
}

const same = (value: number) => value;
const CELSIUS: Scale = { label: '°C', decimals: 1, convert: same };
const FAHRENHEIT: Scale = { label: '°F', decimals: 1, convert: (celsius) => celsius * 1.8 + 32 };
/** Converts from km/h. Open-Meteo spells mph as `mp/h`. */
const WIND: Readonly<Record<Units['windSpeed'], Scale>> = {
  kmh: { label: 'km/h', decimals: 1, convert: same },
  ms: { label: 'm/s', decimals: 2, convert: (kmh) => kmh / 3.6 },
  mph: { label: 'mp/h', decimals: 1, convert: (kmh) => kmh / 1.609344 },
  kn: { label: 'kn', decimals: 1, convert: (kmh) => kmh / 1.852 },
};
const MILLIMETRES: Scale = { label: 'mm', decimals: 2, convert: same };
const INCHES: Scale = { label: 'inch', decimals: 3, convert: (mm) => mm / 25.4 };

function scale(quantity: Exclude<Quantity, 'localTime'>, units: Units): Scale {
  switch (quantity) {
    case 'temperature':
      return units.temperature === 'celsius' ? CELSIUS : FAHRENHEIT;
    case 'windSpeed':
      return WIND[units.windSpeed];
    case 'precipitation':
      return units.precipitation === 'mm' ? MILLIMETRES : INCHES;
    case 'percent':
      return { label: '%', decimals: 0, convert: same };
    case 'direction':
      return { label: '°', decimals: 0, convert: same };
    case 'pressure':
      return { label: 'hPa', decimals: 1, convert: same };
    case 'weatherCode':
      return { label: 'wmo code', decimals: 0, convert: same };
    case 'flag':
      return { label: '', decimals: 0, convert: same };
    case 'uvIndex':
      return { label: '', decimals: 2, convert: same };
    case 'europeanAqi':
      return { label: 'EAQI', decimals: 0, convert: same };
    case 'usAqi':
      return { label: 'USAQI', decimals: 0, convert: same };
    case 'concentration':
      return { label: 'μg/m³', decimals: 1, convert: same };
  }
}

/** Returns the label for a units block. */
export function unitLabel(quantity: Quantity, units: Units): string {
  return quantity === 'localTime' ? 'iso8601' : scale(quantity, units).label;
}

/** Converts a metric value (a local time in epoch ms) to its form in the response. */
export function render(quantity: Quantity, value: number, { units, utcOffsetSeconds }: Rendering) {
  if (quantity === 'localTime') return localTime(value, utcOffsetSeconds);
  const { convert, decimals } = scale(quantity, units);
  // Adding zero turns -0 into 0: JSON writes both the same, but toEqual distinguishes them.
  return Number(convert(value).toFixed(decimals)) + 0;
}
