import { formatValue } from './format.ts';

/**
 * Returns the kind of precipitation that a WMO weather interpretation code stands for. The codes are those of
 * server/weather/weather-code.ts. A code without precipitation has no kind: the hour or day can still have some.
 */
function precipitationKind(code: number | null): string {
  switch (code) {
    case 51:
    case 53:
    case 55:
      return 'Drizzle';
    case 56:
    case 57:
      return 'Freezing drizzle';
    case 61:
    case 63:
    case 65:
      return 'Rain';
    case 66:
    case 67:
      return 'Freezing rain';
    case 71:
    case 73:
    case 75:
    case 77:
      return 'Snow';
    case 80:
    case 81:
    case 82:
      return 'Showers';
    case 85:
    case 86:
      return 'Snow showers';
    case 95:
      return 'Thundery rain';
    case 96:
    case 99:
      return 'Rain and hail';
    default:
      return 'Precipitation';
  }
}

/** Returns what falls, as a term for its amount: `Rain`. Without an amount, it is `Precipitation`. */
export function precipitationTerm(amount: number | null, code: number | null): string {
  return amount ? precipitationKind(code) : 'Precipitation';
}

/** Formats an amount. Snow counts as the water that it melts to: `2.1 mm melted`. */
export function precipitationAmount(amount: number | null, code: number | null, unit: string): string {
  const isSnow = precipitationTerm(amount, code).startsWith('Snow');
  return formatValue(amount, unit) + (isSnow ? ' melted' : '');
}

/** Formats an amount with what falls: `Rain 2.1 mm`, or `0 mm`. */
export function formatPrecipitation(amount: number | null, code: number | null, unit: string): string {
  const text = precipitationAmount(amount, code, unit);
  return amount ? `${precipitationKind(code)} ${text}` : text;
}

/** Adds the chance in percent to an amount: `Rain 2.1 mm, 60 %`. An unknown chance is omitted. */
export function withChance(amount: string, chance: number | null): string {
  return chance === null ? amount : `${amount}, ${chance} %`;
}
