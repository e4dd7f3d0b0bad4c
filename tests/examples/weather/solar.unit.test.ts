import { describe, expect, test } from 'vitest';
import { cities } from '#tests/examples/weather/stand-in/gazetteer.ts';
import { isDaylight, solarNoon, sunElevation, sunTimes } from '#tests/examples/weather/stand-in/solar.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** At the pole, the sun's elevation equals its declination. */
const northPole = { latitude: 90, longitude: 0 };

/** Returns the difference of two instants in seconds. */
const apart = (one: number, other: string) => Math.abs(one - Date.parse(other)) / 1000;

/**
 * I. Reda, A. Andreas: Solar Position Algorithm for Solar Radiation Applications, NREL/TP-560-34302, revised January
 * 2008. Golden is the example of Table A5.1; the other days are the three of Table A2.1, at the Greenwich meridian.
 */
const golden = { latitude: 39.742476, longitude: -105.1786 };
const greenwich = [
  { latitude: 35, day: '1994-01-02', sunrise: '07:08:12.8', sunset: '16:59:55.9' },
  { latitude: -35, day: '1996-07-05', sunrise: '07:08:15.4', sunset: '17:01:04.5' },
  { latitude: -35, day: '2004-12-04', sunrise: '04:38:57.1', sunset: '19:02:02.5' },
].map(({ latitude, day, sunrise, sunset }) => ({
  place: { latitude, longitude: 0 },
  day,
  sunrise: `${day}T${sunrise}Z`,
  sunset: `${day}T${sunset}Z`,
}));

describe('the sun matches the worked examples of the Solar Position Algorithm', () => {
  test('elevation, solar noon and sunrise at Golden on 2003-10-17', () => {
    // The table's zenith of 50.11162° includes refraction. 39.87205° is the elevation without it: equation 41 with
    // the table's topocentric declination of -9.316179° and hour angle of 11.10629°.
    expect(Math.abs(sunElevation(golden, Date.parse('2003-10-17T19:30:30Z')) - 39.87205)).toBeLessThan(0.01);
    const midnight = Date.parse('2003-10-17T00:00:00-07:00');
    expect(apart(solarNoon(golden.longitude, midnight), '2003-10-17T18:46:04.97Z')).toBeLessThan(10);
    expect(apart(sunTimes(golden, midnight).sunrise, '2003-10-17T13:12:43.46Z')).toBeLessThan(30);
  });

  test('sunset at Golden on 2003-10-16', () => {
    // The table gives the sunset of the day in UT, 00:20:19.19, which is the evening before at Golden.
    const midnight = Date.parse('2003-10-16T00:00:00-07:00');
    expect(apart(sunTimes(golden, midnight).sunset, '2003-10-17T00:20:19.19Z')).toBeLessThan(30);
  });

  test.each(greenwich)('sunrise and sunset on $day', ({ place, day, sunrise, sunset }) => {
    const sun = sunTimes(place, Date.parse(`${day}T00:00Z`));
    expect(sun.kind).toBe('ordinary');
    expect(apart(sun.sunrise, sunrise)).toBeLessThan(30);
    expect(apart(sun.sunset, sunset)).toBeLessThan(30);
  });

  test.each(greenwich)('daylight every five minutes of $day', ({ place, day, sunrise, sunset }) => {
    const times = Array.from({ length: 288 }, (_, index) => Date.parse(`${day}T00:00Z`) + index * 5 * MINUTE);
    expect(times.map((time) => isDaylight(place, time))).toEqual(
      times.map((time) => time > Date.parse(sunrise) && time < Date.parse(sunset)),
    );
  });
});

describe('the sun matches Meeus, Astronomical Algorithms, 2nd edition, on 1992-10-13 at 0h', () => {
  // Meeus uses dynamical time, which is a minute ahead of UT in 1992. The difference is negligible here.
  const midnight = Date.parse('1992-10-13T00:00Z');

  test('declination, example 25.a', () => {
    expect(Math.abs(sunElevation(northPole, midnight) - -7.78507)).toBeLessThan(0.001);
  });

  test('equation of time, example 28.b', () => {
    // Mean noon is at 0h UT at longitude 180°; the example's result is +13m 42.7s.
    const noon = solarNoon(180, midnight - DAY / 2);
    expect(Math.abs((midnight - noon) / 1000 - (13 * 60 + 42.7))).toBeLessThan(1);
  });
});

test.each([
  ['2026-03-20T14:46Z', 0],
  ['2026-06-21T08:24Z', 23.44],
  ['2026-09-23T00:05Z', 0],
  ['2026-12-21T20:50Z', -23.44],
])('equinoxes and solstices match the published instants: %s', (instant, declination) => {
  // U.S. Naval Observatory, Earth's Seasons, https://aa.usno.navy.mil/data/Earth_Seasons.
  expect(Math.abs(sunElevation(northPole, Date.parse(instant)) - declination)).toBeLessThan(0.01);
});

test('daylight begins and ends within a minute of sunrise and sunset, every week in every city below 72°', () => {
  const weeks = Array.from({ length: 53 }, (_, week) => Date.UTC(2026, 0, 1) + week * 7 * DAY);
  const days = cities
    .filter(({ latitude }) => Math.abs(latitude) < 72)
    .flatMap((city) =>
      weeks.map((week) => ({ city, sun: sunTimes(city, week - city.longitude * 4 * MINUTE) })),
    )
    .filter(({ sun }) => sun.kind === 'ordinary');
  expect(days.length).toBeGreaterThan(3000);
  const wrong = days.filter(
    ({ city, sun: { sunrise, sunset } }) =>
      isDaylight(city, sunrise - MINUTE) ||
      !isDaylight(city, sunrise + MINUTE) ||
      !isDaylight(city, sunset - MINUTE) ||
      isDaylight(city, sunset + MINUTE),
  );
  expect(wrong).toEqual([]);
});

describe('polar day and night', () => {
  test.each([
    [90, 'polar-day', 'polar-night'],
    [78.2, 'polar-day', 'polar-night'],
    [-90, 'polar-night', 'polar-day'],
  ])('latitude %d has no sunrise and no sunset at the solstices', (latitude, june, december) => {
    const place = { latitude, longitude: 15.6 };
    expect(sunTimes(place, Date.UTC(2026, 5, 21)).kind).toBe(june);
    expect(sunTimes(place, Date.UTC(2026, 11, 21)).kind).toBe(december);
  });
});
