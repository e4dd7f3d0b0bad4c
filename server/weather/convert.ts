import type { AirQualityAnswer, ForecastAnswer } from '../upstreams/open-meteo.ts';
import type { Forecast } from './schema.ts';
import { summaryOf } from './weather-code.ts';

type Units = Forecast['units'];

/** Open-Meteo's forecast in the contract's shape: what the answer itself says, without where it came from. */
export function convertForecast(answer: ForecastAnswer, asked: 'metric' | 'imperial') {
  const instant = (local: string) => toInstant(local, answer.utc_offset_seconds);
  return {
    timezone: answer.timezone,
    utcOffsetSeconds: answer.utc_offset_seconds,
    elevation: answer.elevation ?? null,
    units: unitsOf(answer, asked),
    current: convertCurrent(answer.current, instant),
    hourly: convertHourly(answer.hourly, instant),
    daily: convertDaily(answer.daily, instant),
    synthetic: answer.synthetic,
  };
}

export function convertAirQuality({ current, utc_offset_seconds }: AirQualityAnswer): Forecast['airQuality'] {
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
 * The moment that a local time of the answer stands for. One offset holds for the whole answer, also across a
 * change of clocks: an answer can hold an hour that the zone itself skips, so the zone's rules must not be asked.
 *
 * @returns null for what is not a time: polar day and night may have no sunrise, and no February has a 30th
 */
export function toInstant(local: string, utcOffsetSeconds: number): Date | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local)) return null;
  const asUtc = new Date(`${local}:00Z`);
  const instant = new Date(asUtc.getTime() - utcOffsetSeconds * 1000);
  // Date rolls over: a 30 February would come back as 2 March.
  const isReal = !Number.isNaN(instant.getTime()) && asUtc.toISOString().startsWith(local);
  return isReal ? instant : null;
}

type ToInstant = (local: string) => Date | null;

function convertCurrent(current: ForecastAnswer['current'], instant: ToInstant): Forecast['current'] {
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

function convertHourly(hourly: ForecastAnswer['hourly'], instant: ToInstant): Forecast['hourly'] {
  return (hourly?.time ?? []).flatMap((local, index) => {
    const time = instant(local);
    if (!hourly || !time) return [];
    return {
      time,
      temperature: hourly.temperature_2m?.[index] ?? null,
      precipitation: hourly.precipitation?.[index] ?? null,
      precipitationProbability: hourly.precipitation_probability?.[index] ?? null,
      windSpeed: hourly.wind_speed_10m?.[index] ?? null,
      ...condition(hourly.weather_code?.[index]),
      isDay: toBoolean(hourly.is_day?.[index]),
    };
  });
}

function convertDaily(daily: ForecastAnswer['daily'], instant: ToInstant): Forecast['daily'] {
  return (daily?.time ?? []).map((date, index) => ({
    date,
    temperatureMin: daily?.temperature_2m_min?.[index] ?? null,
    temperatureMax: daily?.temperature_2m_max?.[index] ?? null,
    precipitationSum: daily?.precipitation_sum?.[index] ?? null,
    ...condition(daily?.weather_code?.[index]),
    sunrise: instant(daily?.sunrise?.[index] ?? ''),
    sunset: instant(daily?.sunset?.[index] ?? ''),
  }));
}

function condition(code: number | null | undefined) {
  const weatherCode = Number.isInteger(code) ? (code ?? null) : null;
  return { weatherCode, summary: summaryOf(weatherCode) };
}

function toBoolean(flag: number | null | undefined): boolean | null {
  return flag === null || flag === undefined ? null : flag === 1;
}

const usualUnits = {
  metric: { temperature: '°C', windSpeed: 'km/h', precipitation: 'mm' },
  imperial: { temperature: '°F', windSpeed: 'mph', precipitation: 'inch' },
};

/** As the answer states them, which need not be what was asked for; that only where it states none. */
function unitsOf(answer: ForecastAnswer, asked: 'metric' | 'imperial'): Units {
  const usual = usualUnits[asked];
  const stated = (...names: string[]) => {
    for (const units of [answer.hourly_units, answer.current_units, answer.daily_units]) {
      for (const name of names) {
        const unit = units?.[name];
        if (unit) return unit === 'mp/h' ? 'mph' : unit;
      }
    }
    return undefined;
  };
  return {
    temperature: stated('temperature_2m', 'temperature_2m_max') ?? usual.temperature,
    windSpeed: stated('wind_speed_10m') ?? usual.windSpeed,
    precipitation: stated('precipitation', 'precipitation_sum') ?? usual.precipitation,
  };
}
