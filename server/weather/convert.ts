import type { AirQualityResponse, ForecastResponse } from '../upstreams/open-meteo.ts';
import type { Forecast } from './schema.ts';
import { summaryOf } from './weather-code.ts';

type Units = Forecast['units'];

/** Converts Open-Meteo's forecast to the contract's shape, without its source and age. */
export function convertForecast(response: ForecastResponse, requested: 'metric' | 'imperial') {
  const instant = (local: string) => toInstant(local, response.utc_offset_seconds);
  return {
    timezone: response.timezone,
    utcOffsetSeconds: response.utc_offset_seconds,
    elevation: response.elevation ?? null,
    units: unitsOf(response, requested),
    current: convertCurrent(response.current, instant),
    hourly: convertHourly(response.hourly, instant),
    daily: convertDaily(response.daily, instant),
    synthetic: response.synthetic,
  };
}

export function convertAirQuality({
  current,
  utc_offset_seconds,
}: AirQualityResponse): Forecast['airQuality'] {
  const time = current ? toInstant(current.time, utc_offset_seconds) : null;
  if (!current || !time) return null;
  return {
    time,
    europeanAqi: current.european_aqi ?? null,
    usAqi: current.us_aqi ?? null,
    pm10: current.pm10 ?? null,
    pm25: current.pm2_5 ?? null,
    ozone: current.ozone ?? null,
    nitrogenDioxide: current.nitrogen_dioxide ?? null,
  };
}

/**
 * Converts a local time of a response to an instant. One offset applies to the whole response, even across a clock
 * change: a response can contain an hour that the time zone skips, so the zone's rules must not be used.
 *
 * @returns null if the text is not a time: a sunrise can be missing, and 30 February does not exist
 */
export function toInstant(local: string, utcOffsetSeconds: number): Date | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local)) return null;
  const asUtc = new Date(`${local}:00Z`);
  const instant = new Date(asUtc.getTime() - utcOffsetSeconds * 1000);
  // Date rolls over: it parses 30 February as 2 March.
  const isReal = !Number.isNaN(instant.getTime()) && asUtc.toISOString().startsWith(local);
  return isReal ? instant : null;
}

type ToInstant = (local: string) => Date | null;

function convertCurrent(current: ForecastResponse['current'], instant: ToInstant): Forecast['current'] {
  const time = current ? instant(current.time) : null;
  if (!current || !time) return null;
  return {
    time,
    temperature: current.temperature_2m ?? null,
    apparentTemperature: current.apparent_temperature ?? null,
    relativeHumidity: current.relative_humidity_2m ?? null,
    precipitation: current.precipitation ?? null,
    windSpeed: current.wind_speed_10m ?? null,
    windDirection: current.wind_direction_10m ?? null,
    ...condition(current.weather_code),
    isDay: toBoolean(current.is_day),
  };
}

function convertHourly(hourly: ForecastResponse['hourly'], instant: ToInstant): Forecast['hourly'] {
  return (hourly?.time ?? []).flatMap((local, index) => {
    const time = instant(local);
    if (!hourly || !time) return [];
    return {
      time,
      temperature: hourly.temperature_2m?.[index] ?? null,
      apparentTemperature: hourly.apparent_temperature?.[index] ?? null,
      precipitation: hourly.precipitation?.[index] ?? null,
      precipitationProbability: hourly.precipitation_probability?.[index] ?? null,
      windSpeed: hourly.wind_speed_10m?.[index] ?? null,
      windDirection: hourly.wind_direction_10m?.[index] ?? null,
      ...condition(hourly.weather_code?.[index]),
      isDay: toBoolean(hourly.is_day?.[index]),
    };
  });
}

function convertDaily(daily: ForecastResponse['daily'], instant: ToInstant): Forecast['daily'] {
  return (daily?.time ?? []).map((date, index) => ({
    date,
    temperatureMin: daily?.temperature_2m_min?.[index] ?? null,
    temperatureMax: daily?.temperature_2m_max?.[index] ?? null,
    precipitationSum: daily?.precipitation_sum?.[index] ?? null,
    precipitationProbabilityMax: daily?.precipitation_probability_max?.[index] ?? null,
    uvIndexMax: daily?.uv_index_max?.[index] ?? null,
    ...condition(daily?.weather_code?.[index]),
    ...convertSun(
      date,
      { sunrise: daily?.sunrise?.[index] ?? '', sunset: daily?.sunset?.[index] ?? '' },
      instant,
    ),
  }));
}

/**
 * Converts the sunrise and sunset of a day. Where the sun does not rise or set, Open-Meteo returns midnights
 * (https://github.com/open-meteo/open-meteo/pull/844): in the polar night both are the start of the day, and in the polar
 * day the sunset is the end of the day.
 */
function convertSun(
  date: string,
  { sunrise, sunset }: { sunrise: string; sunset: string },
  instant: ToInstant,
): Pick<Forecast['daily'][number], 'sunrise' | 'sunset' | 'daylight'> {
  const midnight = instant(`${date}T00:00`);
  const times = { sunrise: instant(sunrise), sunset: instant(sunset) };
  if (!times.sunrise && !times.sunset) return { ...times, daylight: null };
  const [sunriseHour, sunsetHour] = [times.sunrise, times.sunset].map(
    (time) => time && midnight && (time.getTime() - midnight.getTime()) / 3_600_000,
  );
  if (sunriseHour === 0 && sunsetHour === 0) return { sunrise: null, sunset: null, daylight: 'polar_night' };
  if (sunriseHour === 0 && sunsetHour === 24) return { sunrise: null, sunset: null, daylight: 'polar_day' };
  return { ...times, daylight: 'normal' };
}

function condition(code: number | null | undefined) {
  const weatherCode = Number.isInteger(code) ? (code ?? null) : null;
  return { weatherCode, summary: summaryOf(weatherCode) };
}

function toBoolean(flag: number | null | undefined): boolean | null {
  return flag === null || flag === undefined ? null : flag === 1;
}

const defaultUnits = {
  metric: { temperature: '°C', windSpeed: 'km/h', precipitation: 'mm' },
  imperial: { temperature: '°F', windSpeed: 'mph', precipitation: 'inch' },
};

/** Returns the units that the response states, which may differ from those requested; the requested ones if none. */
function unitsOf(response: ForecastResponse, requested: 'metric' | 'imperial'): Units {
  const defaults = defaultUnits[requested];
  const stated = (...names: string[]) => {
    for (const units of [response.hourly_units, response.current_units, response.daily_units]) {
      for (const name of names) {
        const unit = units?.[name];
        if (unit) return unit === 'mp/h' ? 'mph' : unit;
      }
    }
    return undefined;
  };
  return {
    temperature: stated('temperature_2m', 'temperature_2m_max') ?? defaults.temperature,
    windSpeed: stated('wind_speed_10m') ?? defaults.windSpeed,
    precipitation: stated('precipitation', 'precipitation_sum') ?? defaults.precipitation,
  };
}
