import type { Coordinates } from './noise.ts';

/**
 * The position of the sun, sunrise and sunset by the NOAA solar calculator (after Meeus, Astronomical Algorithms):
 * https://gml.noaa.gov/grad/solcalc/calcdetails.html. Accurate to about a minute up to 72° of latitude.
 */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const RAD = Math.PI / 180;
/** The zenith of an official sunrise: half the sun's disc and 34' of refraction below the horizon. */
const SUNRISE_ZENITH = 90.833;

/** Sunrise and sunset of one day, in epoch ms. */
export interface SunTimes {
  readonly kind: 'ordinary' | 'polar-day' | 'polar-night';
  readonly sunrise: number;
  readonly sunset: number;
}

/** Returns the sun's elevation above the horizon in degrees, without refraction. */
export function sunElevation(at: Coordinates, time: number): number {
  const { declination, equationOfTime } = sun(time);
  const minutesOfDay = (time / MINUTE_MS) % 1440;
  const hourAngle = (minutesOfDay + equationOfTime + 4 * at.longitude) / 4 - 180;
  const sine =
    Math.sin(at.latitude * RAD) * Math.sin(declination * RAD) +
    Math.cos(at.latitude * RAD) * Math.cos(declination * RAD) * Math.cos(hourAngle * RAD);
  return Math.asin(Math.min(1, Math.max(-1, sine))) / RAD;
}

/** Returns whether the sun is up, by the same horizon as sunrise and sunset. */
export function isDaylight(at: Coordinates, time: number): boolean {
  return sunElevation(at, time) > 90 - SUNRISE_ZENITH;
}

/** Returns the solar noon nearest to the middle of the 24 hours from `dayStart`, in epoch ms. */
export function solarNoon(longitude: number, dayStart: number): number {
  const middle = dayStart + DAY_MS / 2;
  const { equationOfTime } = sun(middle);
  const noon = (720 - 4 * longitude - equationOfTime) * MINUTE_MS;
  return noon + Math.round((middle - noon) / DAY_MS) * DAY_MS;
}

/**
 * Returns sunrise and sunset of the 24 hours from `dayStart` (a local midnight, epoch ms). If the sun does not set,
 * they are this midnight and the next; if it does not rise, both are this midnight. Open-Meteo does the same
 * (https://github.com/open-meteo/open-meteo/pull/844).
 */
export function sunTimes(at: Coordinates, dayStart: number): SunTimes {
  const noon = solarNoon(at.longitude, dayStart);
  const cosine = cosHourAngle(at.latitude, sun(noon).declination);
  if (cosine > 1) return { kind: 'polar-night', sunrise: dayStart, sunset: dayStart };
  if (cosine < -1) return { kind: 'polar-day', sunrise: dayStart, sunset: dayStart + DAY_MS };
  return { kind: 'ordinary', sunrise: crossing(at, noon, -1), sunset: crossing(at, noon, 1) };
}

/** Returns the horizon crossing before (-1) or after (1) a solar noon, with the declination at a first estimate. */
function crossing(at: Coordinates, noon: number, side: -1 | 1): number {
  const estimate = (declination: number) => {
    const cosine = Math.min(1, Math.max(-1, cosHourAngle(at.latitude, declination)));
    return noon + side * (Math.acos(cosine) / RAD) * 4 * MINUTE_MS;
  };
  return estimate(sun(estimate(sun(noon).declination)).declination);
}

function cosHourAngle(latitude: number, declination: number): number {
  const rise = Math.cos(SUNRISE_ZENITH * RAD) - Math.sin(latitude * RAD) * Math.sin(declination * RAD);
  return rise / (Math.cos(latitude * RAD) * Math.cos(declination * RAD));
}

/** Returns the declination in degrees and the equation of time in minutes. */
function sun(time: number): { declination: number; equationOfTime: number } {
  const julianDay = time / DAY_MS + 2_440_587.5;
  const t = (julianDay - 2_451_545) / 36_525;
  const meanLongitude = (280.46646 + t * (36_000.76983 + t * 0.0003032)) * RAD;
  const anomaly = (357.52911 + t * (35_999.05029 - 0.0001537 * t)) * RAD;
  const eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t);
  const center =
    Math.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t)) +
    Math.sin(2 * anomaly) * (0.019993 - 0.000101 * t) +
    Math.sin(3 * anomaly) * 0.000289;
  const node = (125.04 - 1934.136 * t) * RAD;
  const longitude = meanLongitude + (center - 0.00569 - 0.00478 * Math.sin(node)) * RAD;
  const seconds = 21.448 - t * (46.815 + t * (0.00059 - t * 0.001813));
  const obliquity = (23 + (26 + seconds / 60) / 60 + 0.00256 * Math.cos(node)) * RAD;
  const y = Math.tan(obliquity / 2) ** 2;
  const equation =
    y * Math.sin(2 * meanLongitude) -
    2 * eccentricity * Math.sin(anomaly) +
    4 * eccentricity * y * Math.sin(anomaly) * Math.cos(2 * meanLongitude) -
    0.5 * y * y * Math.sin(4 * meanLongitude) -
    1.25 * eccentricity * eccentricity * Math.sin(2 * anomaly);
  return {
    declination: Math.asin(Math.sin(obliquity) * Math.sin(longitude)) / RAD,
    equationOfTime: (4 * equation) / RAD,
  };
}
