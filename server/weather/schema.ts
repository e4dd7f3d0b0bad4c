import { z } from 'zod';

/** Copies the Date, so that a caller in this process cannot change the cached one. */
const time = z.date().overwrite((date) => new Date(date));

/** A measured or forecast value. Any value may be missing. */
const value = z.number().nullable();
const weatherCode = z.int().nullable().describe('WMO weather interpretation code');
const summary = z.string().nullable().describe('Description of the weather code');
const isDay = z.boolean().nullable();
const windDirection = value.describe('Direction from which the wind blows, in degrees');

export const forecastInput = z
  .strictObject({
    lat: z.number().min(-90).max(90).describe('Latitude in degrees, rounded to two decimals'),
    lng: z.number().min(-180).max(180).describe('Longitude in degrees, rounded to two decimals'),
    days: z.int().min(1).max(16).default(7).describe('Number of days, including today'),
    units: z
      .enum(['metric', 'imperial'])
      .default('metric')
      .describe('metric: °C, km/h, mm; imperial: °F, mph, inch'),
  })
  .meta({ examples: [{ lat: 52.52, lng: 13.41, days: 3 }] });

export const forecastOutput = z.object({
  location: z.object({
    lat: z.number(),
    lng: z.number(),
    timezone: z.string().describe('IANA name'),
    utcOffsetSeconds: z
      .int()
      .describe('The current offset. It can change within the forecast, so format times in the time zone'),
    elevation: value.describe('Metres'),
  }),
  units: z.object({ temperature: z.string(), windSpeed: z.string(), precipitation: z.string() }),
  current: z
    .object({
      time,
      temperature: value,
      apparentTemperature: value,
      relativeHumidity: value.describe('Percent'),
      precipitation: value,
      windSpeed: value,
      windDirection,
      weatherCode,
      summary,
      isDay,
    })
    .nullable(),
  hourly: z.array(
    z.object({
      time,
      temperature: value,
      apparentTemperature: value,
      precipitation: value,
      precipitationProbability: value.describe('Percent'),
      windSpeed: value,
      windDirection,
      weatherCode,
      summary,
      isDay,
    }),
  ),
  daily: z.array(
    z.object({
      date: z.string().describe('Local calendar day, YYYY-MM-DD'),
      temperatureMin: value,
      temperatureMax: value,
      precipitationSum: value.describe('Snow counts as the water that it melts to'),
      precipitationProbabilityMax: value.describe('Percent'),
      uvIndexMax: value.describe('UV index of the WHO, 0 to 11 and above'),
      weatherCode,
      summary,
      sunrise: time.nullable().describe('null in the polar day and night, or if unknown'),
      sunset: time.nullable().describe('null in the polar day and night, or if unknown'),
      daylight: z
        .enum(['normal', 'polar_day', 'polar_night'])
        .nullable()
        .describe('polar_day: the sun does not set; polar_night: it does not rise; null: unknown'),
    }),
  ),
  airQuality: z
    .object({
      time,
      europeanAqi: value.describe('European air quality index, 0 to 100 and above'),
      usAqi: value.describe('US air quality index, 0 to 500'),
      pm10: value.describe('µg/m³'),
      pm25: value.describe('µg/m³'),
      ozone: value.describe('µg/m³'),
      nitrogenDioxide: value.describe('µg/m³'),
    })
    .nullable(),
  attribution: z.object({ text: z.string(), url: z.url() }).describe('Must be shown next to the data'),
  source: z.object({
    provider: z.string(),
    synthetic: z.boolean().describe('True if the data is synthetic and comes from the offline stand-in'),
    fetchedAt: time,
    cache: z.enum(['miss', 'hit', 'stale']),
    ageSeconds: z.int().min(0),
  }),
  warnings: z.array(
    z.object({
      code: z.enum(['stale', 'air_quality_unavailable', 'air_quality_stale']),
      message: z.string(),
    }),
  ),
});

/** The languages that Open-Meteo offers for the names of places, ISO 639-1. A search finds names in any language. */
export const placeLanguages = ['en', 'de', 'es', 'fr', 'hi', 'it', 'pt', 'ru', 'tr'] as const;
export type PlaceLanguage = (typeof placeLanguages)[number];

export const placesInput = z
  .strictObject({
    name: z.string().trim().min(1).max(100).describe('The beginning of a place name or a postal code'),
    count: z.int().min(1).max(20).default(8),
    language: z
      .enum(placeLanguages)
      .default('en')
      .describe('Language of the names, if they have a translation'),
  })
  .meta({ examples: [{ name: 'Berlin', count: 3 }] });

export const placesOutput = z.array(
  z.object({
    name: z.string(),
    country: z.string().nullable(),
    region: z.string().nullable(),
    lat: z.number(),
    lng: z.number(),
    timezone: z.string().nullable(),
  }),
);

export type ForecastInput = z.output<typeof forecastInput>;
export type Forecast = z.output<typeof forecastOutput>;
export type Place = z.output<typeof placesOutput>[number];
