/**
 * Payloads in Open-Meteo's wire form, https://open-meteo.com/en/docs: keys in the order of its responses (variables in
 * the order of the request), units as it spells them, one UTC offset for the whole response. The values are made up.
 * Nothing here comes from the stand-ins under tests/support/upstreams, which these payloads check.
 */

const HOURS_A_DAY = 24;

/** Seven days in metric units with wind in m/s. Open-Meteo sends only what was requested: no hourly precipitation. */
const copenhagen = {
  latitude: 55.6875,
  longitude: 12.5625,
  generationtime_ms: 0.25,
  utc_offset_seconds: 7200,
  timezone: 'Europe/Copenhagen',
  timezone_abbreviation: 'GMT+2',
  elevation: 9,
  current_units: {
    time: 'iso8601',
    interval: 'seconds',
    temperature_2m: '°C',
    relative_humidity_2m: '%',
    apparent_temperature: '°C',
    is_day: '',
    precipitation: 'mm',
    weather_code: 'wmo code',
    wind_speed_10m: 'm/s',
    wind_direction_10m: '°',
    surface_pressure: 'hPa',
  },
  current: {
    time: '2026-06-10T14:45',
    interval: 900,
    temperature_2m: 21.4,
    relative_humidity_2m: 58,
    apparent_temperature: 20.7,
    is_day: 1,
    precipitation: 0,
    weather_code: 2,
    wind_speed_10m: 5.36,
    wind_direction_10m: 248,
    surface_pressure: 1014.2,
  },
  hourly_units: {
    time: 'iso8601',
    temperature_2m: '°C',
    weather_code: 'wmo code',
    precipitation_probability: '%',
    is_day: '',
    wind_speed_10m: 'm/s',
  },
  hourly: {
    time: hoursFrom('2026-06-08', 7),
    temperature_2m: hourly(7, (hour) => round(16 + 5.5 * dailyWave(hour) + hour / 48, 1)),
    weather_code: hourly(7, (hour) => pick([0, 1, 2, 3, 45, 51, 61, 80], Math.floor(hour / 5))),
    precipitation_probability: hourly(7, (hour) => (hour * 7) % 101),
    is_day: hourly(7, (hour) => Number(hour % HOURS_A_DAY >= 5 && hour % HOURS_A_DAY <= 21)),
    wind_speed_10m: hourly(7, (hour) => round(4.2 + 1.75 * Math.sin(hour / 9), 2)),
  },
  daily_units: {
    time: 'iso8601',
    weather_code: 'wmo code',
    temperature_2m_max: '°C',
    temperature_2m_min: '°C',
    sunrise: 'iso8601',
    sunset: 'iso8601',
    precipitation_sum: 'mm',
    precipitation_probability_max: '%',
    wind_speed_10m_max: 'm/s',
    uv_index_max: '',
  },
  daily: {
    time: daysFrom('2026-06-08', 7),
    weather_code: [51, 3, 61, 80, 2, 45, 95],
    temperature_2m_max: [21.9, 22.4, 22.9, 23.4, 23.9, 24.4, 24.9],
    temperature_2m_min: [10.6, 11.1, 11.6, 12.1, 12.6, 13.1, 13.6],
    sunrise: timesOfDays('2026-06-08', ['04:27', '04:27', '04:26', '04:26', '04:25', '04:25', '04:25']),
    sunset: timesOfDays('2026-06-08', ['21:50', '21:51', '21:52', '21:53', '21:53', '21:54', '21:55']),
    precipitation_sum: [0.3, 0, 6.25, 11.4, 0, 0.05, 18],
    precipitation_probability_max: [35, 4, 88, 97, 0, 12, 100],
    wind_speed_10m_max: [5.95, 5.9, 5.12, 4.6, 5.94, 5.93, 5.2],
    uv_index_max: [5.15, 6.2, 3.4, 2.95, 6.35, 4.8, 3.05],
  },
};

/**
 * Eight days in imperial units, without `is_day`. Toronto's clocks skip 02:00 on 8 March 2026, but Open-Meteo writes
 * a whole response with one offset: the payload contains that hour.
 */
const toronto = {
  latitude: 43.65625,
  longitude: -79.375,
  generationtime_ms: 0.5,
  utc_offset_seconds: -18_000,
  timezone: 'America/Toronto',
  timezone_abbreviation: 'GMT-5',
  elevation: 94,
  current_units: {
    time: 'iso8601',
    interval: 'seconds',
    temperature_2m: '°F',
    apparent_temperature: '°F',
    weather_code: 'wmo code',
    wind_speed_10m: 'mp/h',
    wind_gusts_10m: 'mp/h',
  },
  current: {
    time: '2026-03-04T09:15',
    interval: 900,
    temperature_2m: 29.7,
    apparent_temperature: 21.3,
    weather_code: 71,
    wind_speed_10m: 9.8,
    wind_gusts_10m: 22.6,
  },
  hourly_units: {
    time: 'iso8601',
    temperature_2m: '°F',
    apparent_temperature: '°F',
    precipitation: 'inch',
    precipitation_probability: '%',
    wind_speed_10m: 'mp/h',
    wind_gusts_10m: 'mp/h',
    wind_direction_10m: '°',
    weather_code: 'wmo code',
  },
  hourly: {
    time: hoursFrom('2026-03-04', 8),
    temperature_2m: hourly(8, (hour) => round(34 + 9 * dailyWave(hour) + hour / 16, 1)),
    apparent_temperature: hourly(8, (hour) => round(26 + 10 * dailyWave(hour) + hour / 16, 1)),
    precipitation: hourly(8, (hour) => (hour % 11 < 8 ? 0 : round(0.008 * (hour % 11), 3))),
    precipitation_probability: hourly(8, (hour) => (hour * 13) % 101),
    wind_speed_10m: hourly(8, (hour) => round(8.5 + 5 * Math.sin(hour / 13), 1)),
    wind_gusts_10m: hourly(8, (hour) => round(19 + 9 * Math.sin(hour / 13), 1)),
    wind_direction_10m: hourly(8, (hour) => (200 + hour * 3) % 360),
    weather_code: hourly(8, (hour) => pick([71, 73, 3, 2, 61, 66, 0], Math.floor(hour / 6))),
  },
  daily_units: {
    time: 'iso8601',
    temperature_2m_max: '°F',
    temperature_2m_min: '°F',
    precipitation_sum: 'inch',
    precipitation_probability_max: '%',
    weather_code: 'wmo code',
    wind_speed_10m_max: 'mp/h',
    wind_gusts_10m_max: 'mp/h',
    sunrise: 'iso8601',
    sunset: 'iso8601',
  },
  daily: {
    time: daysFrom('2026-03-04', 8),
    temperature_2m_max: [43.9, 45.4, 46.9, 48.4, 49.9, 51.4, 52.9, 54.4],
    temperature_2m_min: [25.3, 26.8, 28.3, 29.8, 31.3, 32.8, 34.3, 35.8],
    precipitation_sum: [0.432, 0.504, 0, 0.216, 1.008, 0.072, 0, 0.144],
    precipitation_probability_max: [98, 100, 7, 64, 99, 41, 3, 58],
    weather_code: [73, 71, 3, 61, 66, 61, 0, 2],
    wind_speed_10m_max: [13.4, 13.5, 10.2, 6.1, 8.8, 13.1, 13.5, 11.6],
    wind_gusts_10m_max: [27.9, 28, 22.1, 14.7, 19.6, 27.3, 28, 24.5],
    sunrise: timesOfDays('2026-03-04', [
      '06:49',
      '06:47',
      '06:45',
      '06:44',
      '06:42',
      '06:40',
      '06:38',
      '06:37',
    ]),
    sunset: timesOfDays('2026-03-04', [
      '18:07',
      '18:09',
      '18:10',
      '18:11',
      '18:12',
      '18:14',
      '18:15',
      '18:16',
    ]),
  },
};

/**
 * A weather model that ends early sends null for the rest of a column, and one that lacks a variable sends a column of
 * nulls. Zeros stand beside the nulls: both are falsy, but a zero is a value.
 */
const gaps = {
  ...copenhagen,
  current: { ...copenhagen.current, apparent_temperature: null, precipitation: 0 },
  hourly: {
    ...copenhagen.hourly,
    temperature_2m: patched(copenhagen.hourly.temperature_2m, { 0: null, 1: 0, 30: null, 167: null }),
    weather_code: patched(copenhagen.hourly.weather_code, { 2: null, 3: 0 }),
    precipitation_probability: copenhagen.hourly.time.map(() => null),
    is_day: patched(copenhagen.hourly.is_day, { 12: null, 13: 0 }),
  },
  daily: {
    ...copenhagen.daily,
    weather_code: patched(copenhagen.daily.weather_code, { 6: null }),
    temperature_2m_min: patched(copenhagen.daily.temperature_2m_min, { 5: 0, 6: null }),
    precipitation_sum: copenhagen.daily.time.map(() => null),
  },
};

/** All forecasts, by the name in test titles. */
export const forecasts = {
  copenhagen,
  'toronto-imperial': toronto,
  'copenhagen-with-gaps': gaps,
} as const;

/** A response to a request that asked for no variable of `block`: neither the block nor its units. */
export function withoutBlock(forecast: object, block: 'current' | 'hourly' | 'daily'): object {
  return Object.fromEntries(
    Object.entries(forecast).filter(([key]) => key !== block && key !== `${block}_units`),
  );
}

/** The 400 for `temperature_unit=kelvin`. */
export const errorResponse = {
  error: true,
  reason: 'Cannot initialize TemperatureUnit from invalid String value kelvin for key temperature_unit',
};

/** A hit of the geocoding API with every administrative level and postcodes. The ids are made up. */
export const munich = {
  results: [
    {
      id: 9_000_001,
      name: 'Munich',
      latitude: 48.1374,
      longitude: 11.5755,
      elevation: 520,
      feature_code: 'PPLA',
      country_code: 'DE',
      admin1_id: 9_000_002,
      admin2_id: 9_000_003,
      admin3_id: 9_000_004,
      admin4_id: 9_000_005,
      timezone: 'Europe/Berlin',
      population: 1_488_000,
      postcodes: ['80331', '81929'],
      country_id: 9_000_006,
      country: 'Germany',
      admin1: 'Free State of Bavaria',
      admin2: 'Upper Bavaria',
      admin3: 'Munich, Urban District',
      admin4: 'Munich',
    },
  ],
  generationtime_ms: 0.75,
};

/** A miss of the geocoding API: no `results`, not even an empty list. */
export const noPlace = { generationtime_ms: 0.125 };

/** Local wall-clock labels in plain steps of one hour, e.g. `2026-03-08T02:00`, whether or not the zone has them. */
function hoursFrom(firstDay: string, days: number): string[] {
  const start = Date.parse(`${firstDay}T00:00Z`);
  return hourly(days, (hour) => new Date(start + hour * 3_600_000).toISOString().slice(0, 16));
}

function daysFrom(firstDay: string, days: number): string[] {
  return hoursFrom(firstDay, days)
    .filter((_, hour) => hour % HOURS_A_DAY === 0)
    .map((label) => label.slice(0, 10));
}

function timesOfDays(firstDay: string, times: readonly string[]): string[] {
  return daysFrom(firstDay, times.length).map((day, index) => `${day}T${times[index]}`);
}

function hourly<T>(days: number, value: (hour: number) => T): T[] {
  return Array.from({ length: days * HOURS_A_DAY }, (_, hour) => value(hour));
}

/** -1 at 03:00 and 1 at 15:00. */
function dailyWave(hour: number): number {
  return Math.sin(((hour - 9) / HOURS_A_DAY) * 2 * Math.PI);
}

function pick(codes: readonly number[], index: number): number {
  return codes[index % codes.length] ?? 0;
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

function patched(
  column: readonly number[],
  cells: Readonly<Record<number, number | null>>,
): (number | null)[] {
  return column.map((value, index) => (index in cells ? (cells[index] ?? null) : value));
}
