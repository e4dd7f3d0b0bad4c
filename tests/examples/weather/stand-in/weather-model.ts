import { type Coordinates, clamp, field } from './noise.ts';
import { isDaylight } from './solar.ts';
import { weatherCode } from './weather-code.ts';

/** A place with coordinates in degrees and an elevation in metres above sea level. */
export interface Site extends Coordinates {
  readonly elevation: number;
}

/** Synthetic weather at one moment, in metric units. */
export interface Weather {
  /** Epoch ms. */
  readonly time: number;
  /** °C, two metres above the ground. */
  readonly temperature: number;
  /** °C as felt. */
  readonly apparentTemperature: number;
  /** %, integer. */
  readonly humidity: number;
  /** mm in an hour, in steps of 0.1. Smaller amounts are 0. */
  readonly precipitation: number;
  /** %, integer. */
  readonly precipitationProbability: number;
  /** One of the codes of weather-code.ts. */
  readonly weatherCode: number;
  /** km/h at ten metres. */
  readonly windSpeed: number;
  readonly windGusts: number;
  /** Direction that the wind comes from, in degrees: 0..359. */
  readonly windDirection: number;
  /** hPa at ground level. */
  readonly surfacePressure: number;
  /** 0..1. */
  readonly cloud: number;
  readonly isDay: boolean;
}

const RAD = Math.PI / 180;
const HOUR_MS = 3_600_000;
const YEAR_DAYS = 365.2425;
/** Wetness (0..1) above which it precipitates. */
const WET = 0.64;
const SYNOPTIC = { degrees: 9, hours: 40 };
const LOCAL = { degrees: 1.5, hours: 7 };

/**
 * Returns deterministic synthetic weather: a climate by latitude and season, a daily cycle by solar time, and
 * smooth noise for the week and the place. Plausible, but not real.
 */
export function weatherAt(site: Site, time: number): Weather {
  const wetness = clamp(noise(11, site, time) - aridity(site.latitude), 0, 1);
  const cloud = clamp((wetness - 0.25) / 0.5, 0, 1);
  const temperature = temperatureAt(site, time, cloud);
  const precipitation = precipitationOf(wetness, temperature);
  const windSpeed = 3 + 34 * noise(31, site, time) ** 1.8;
  const humidity = Math.round(
    clamp(38 + 58 * wetness - 9 * dailyCycle(site, time) + (precipitation > 0 ? 8 : 0), 12, 100),
  );
  return {
    time,
    temperature,
    apparentTemperature: apparentTemperature(temperature, humidity, windSpeed),
    humidity,
    precipitation,
    precipitationProbability: Math.round(100 / (1 + Math.exp(-22 * (wetness - WET)))),
    weatherCode: weatherCode({
      temperature,
      precipitation,
      cloud,
      humidity,
      windSpeed,
      convection: noise(41, site, time),
      warmNose: noise(43, site, time),
    }),
    windSpeed,
    windGusts: windSpeed * (1.35 + 0.6 * noise(37, site, time)),
    windDirection: windDirection(site, time),
    surfacePressure: surfacePressure(site, temperature, 1028 - 32 * noise(11, site, time)),
    cloud,
    isDay: isDaylight(site, time),
  };
}

function temperatureAt(site: Site, time: number, cloud: number): number {
  const sine = Math.sin(site.latitude * RAD);
  // The far south is colder than the far north: its ice lies on land instead of water.
  const antarctic = 10 * clamp((-site.latitude - 55) / 20, 0, 1);
  const yearly = 27 - 38 * Math.abs(sine) ** 3 - antarctic;
  // Day 202 of the year, a month after the solstice, is the warmest in the north. The sign of `sine` inverts the
  // seasons in the south.
  const days = (time / (24 * HOUR_MS) + 0.5) % YEAR_DAYS;
  const season = 15 * sine * Math.cos((2 * Math.PI * (days - 202)) / YEAR_DAYS);
  const daily = 5.5 * Math.cos(site.latitude * RAD) * (1 - 0.6 * cloud) * dailyCycle(site, time);
  const spell = 13 * (0.25 + 0.75 * Math.abs(sine)) * (noise(23, site, time) - 0.5);
  const placeNoise = 3 * (field(29, site, 0, { degrees: 0.5, hours: 1 }) - 0.5);
  // The lapse rate of the standard atmosphere (ISO 2533): 6.5 °C per kilometre.
  return yearly + season + daily + spell + placeNoise - 0.0065 * site.elevation;
}

/** Returns 0..0.2: the dryness of the descending air in the subtropics (about 26° north and south). */
function aridity(latitude: number): number {
  return 0.2 * Math.exp(-(((Math.abs(latitude) - 26) / 7) ** 2));
}

/** Returns -1..1, highest at 15:00 mean solar time. */
function dailyCycle(at: Coordinates, time: number): number {
  const solarHour = time / HOUR_MS + at.longitude / 15;
  return Math.cos((2 * Math.PI * (solarHour - 15)) / 24);
}

function precipitationOf(wetness: number, temperature: number): number {
  if (wetness <= WET) return 0;
  // Cold air holds less water. Clamped, so that polar snow stays light and tropical rain stays plausible.
  const moisture = clamp(1 + temperature / 15, 0.3, 2.5);
  return Math.round(10 * (0.05 + 4 * ((wetness - WET) / (1 - WET)) ** 1.7 * moisture)) / 10;
}

/** Returns Steadman's apparent temperature as defined by the Australian Bureau of Meteorology (shade, no radiation). */
function apparentTemperature(celsius: number, humidity: number, windKmh: number): number {
  const vapour = (humidity / 100) * 6.105 * Math.exp((17.27 * celsius) / (237.7 + celsius));
  return celsius + 0.33 * vapour - 0.7 * (windKmh / 3.6) - 4;
}

function windDirection(at: Coordinates, time: number): number {
  const east = field(51, at, time, SYNOPTIC) - 0.5;
  const north = field(53, at, time, SYNOPTIC) - 0.5;
  return (Math.round(Math.atan2(east, north) / RAD) + 360) % 360;
}

/** Applies the barometric formula of the standard atmosphere (ISO 2533) to the pressure at sea level in hPa. */
function surfacePressure(site: Site, celsius: number, seaLevel: number): number {
  const fall = 0.0065 * site.elevation;
  return seaLevel * (1 - fall / (celsius + fall + 273.15)) ** 5.257;
}

function noise(seed: number, at: Coordinates, time: number): number {
  const blend = 0.68 * field(seed, at, time, SYNOPTIC) + 0.32 * field(seed + 1, at, time, LOCAL);
  // Blending pulls values towards the middle: stretch them again.
  return clamp(0.5 + 1.55 * (blend - 0.5), 0, 1);
}
