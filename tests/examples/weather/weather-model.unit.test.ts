import { describe, expect, test } from 'vitest';
import { airAt } from '#tests/examples/weather/stand-in/air-quality-model.ts';
import { cities } from '#tests/examples/weather/stand-in/gazetteer.ts';
import { type Weather, weatherAt } from '#tests/examples/weather/stand-in/weather-model.ts';

const HOUR = 3_600_000;
const WMO_CODES = [
  0, 1, 2, 3, 45, 48, 51, 53, 55, 56, 57, 61, 63, 65, 66, 67, 71, 73, 75, 77, 80, 81, 82, 85, 86, 95, 96, 99,
];
const FROZEN_CODES = [56, 57, 66, 67, 71, 73, 75, 77, 85, 86];
const DRY_CODES = [0, 1, 2, 3, 45, 48];

/** The weather every three hours for a year, for every city. */
const year = cities.map((city) => ({
  city,
  hours: Array.from({ length: 2920 }, (_, i) => weatherAt(city, Date.UTC(2026, 0, 1) + i * 3 * HOUR)),
}));
const hours = year.flatMap((entry) => entry.hours);

describe('the weather model', () => {
  test('depends only on place and time', () => {
    const berlin = { latitude: 52.5, longitude: 13.4375, elevation: 34 };
    const time = Date.UTC(2026, 6, 1, 12);
    expect(weatherAt(berlin, time)).toEqual(weatherAt({ ...berlin }, time));
    expect(weatherAt(berlin, time)).not.toEqual(weatherAt({ ...berlin, longitude: 13.5 }, time));
    expect(airAt(berlin, time)).toEqual(airAt({ ...berlin }, time));
  });

  test('uses exactly the WMO codes of Open-Meteo, consistent with temperature and precipitation', () => {
    const seen = new Set(hours.map((hour) => hour.weatherCode));
    const isDry = (hour: Weather) => DRY_CODES.includes(hour.weatherCode);
    const isFrozen = (hour: Weather) => FROZEN_CODES.includes(hour.weatherCode);
    expect(hours.filter((hour) => isDry(hour) !== (hour.precipitation === 0))).toEqual([]);
    expect(hours.filter((hour) => isFrozen(hour) && hour.temperature > 0.5)).toEqual([]);
    expect(hours.filter((hour) => !isDry(hour) && hour.precipitationProbability < 50)).toEqual([]);
    expect([...seen].filter((code) => !WMO_CODES.includes(code))).toEqual([]);
    expect(WMO_CODES.filter((code) => !seen.has(code))).toEqual([]);
  });

  test('stays within realistic ranges', () => {
    const outside = (read: (hour: Weather) => number, low: number, high: number) =>
      hours.filter((hour) => !(read(hour) >= low && read(hour) <= high));
    expect(outside((hour) => hour.temperature, -60, 50)).toEqual([]);
    expect(outside((hour) => hour.humidity, 1, 100)).toEqual([]);
    expect(outside((hour) => hour.windDirection, 0, 359)).toEqual([]);
    expect(outside((hour) => hour.windGusts - hour.windSpeed, 0, 100)).toEqual([]);
    expect(outside((hour) => hour.surfacePressure, 650, 1050)).toEqual([]);
    expect(outside((hour) => hour.precipitation, 0, 40)).toEqual([]);
  });

  test('has seasons, reversed in the south, and afternoons warmer than nights', () => {
    const mean = (name: string, month: number, hoursUtc: readonly number[]) => {
      const chosen = year
        .find(({ city }) => city.name === name)
        ?.hours.filter(({ time }) => {
          const date = new Date(time);
          return date.getUTCMonth() === month && hoursUtc.includes(date.getUTCHours());
        });
      return (chosen ?? []).reduce((sum, hour) => sum + hour.temperature, 0) / (chosen?.length ?? 0);
    };
    const all = [0, 3, 6, 9, 12, 15, 18, 21];
    expect(mean('Berlin', 6, all) - mean('Berlin', 0, all)).toBeGreaterThan(10);
    expect(mean('Sydney', 0, all) - mean('Sydney', 6, all)).toBeGreaterThan(8);
    expect(mean('London', 6, [15]) - mean('London', 6, [3])).toBeGreaterThan(2);
  });

  test('is continuous across the date line', () => {
    const time = Date.UTC(2026, 3, 4);
    const [west, east] = [-179.999, 179.999].map((longitude) =>
      weatherAt({ latitude: 10, longitude, elevation: 0 }, time),
    );
    expect(west?.surfacePressure).toBeCloseTo(east?.surfacePressure ?? 0, 1);
  });
});
