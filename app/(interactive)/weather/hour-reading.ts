import type { Forecast } from '#server/weather/schema.ts';
import type { Hour } from './forecast-hours.ts';
import { type Clock, formatValue } from './format.ts';
import { precipitationAmount, precipitationTerm } from './precipitation.ts';
import { describeWind, formatWind } from './wind.tsx';

/** The weather of an hour as text. */
type Reading = {
  /** `Mon 23, 14:00` */
  time: string;
  summary: string;
  /** `spoken` replaces a value that a screen reader would spell. */
  facts: { term: string; value: string; spoken?: string }[];
};

/** Reads an hour of the chart. A missing value is a dash, and the apparent temperature is omitted if it is missing. */
export function readingOf(hour: Hour, units: Forecast['units'], clock: Clock): Reading {
  const { precipitation, precipitationProbability, windSpeed, windDirection, weatherCode } = hour;
  return {
    time: `${clock.day(hour.time)}, ${clock.time(hour.time)}`,
    summary: hour.summary ?? 'Unknown',
    facts: [
      { term: 'Temperature', value: formatValue(hour.temperature, units.temperature) },
      ...(hour.apparentTemperature === null
        ? []
        : [{ term: 'Feels like', value: formatValue(hour.apparentTemperature, units.temperature) }]),
      {
        term: precipitationTerm(precipitation, weatherCode),
        value: precipitationAmount(precipitation, weatherCode, units.precipitation),
      },
      { term: 'Chance', value: formatValue(precipitationProbability, '%') },
      {
        term: 'Wind',
        value: formatWind(windSpeed, windDirection, units.windSpeed),
        spoken: describeWind(windSpeed, windDirection, units.windSpeed),
      },
    ],
  };
}

/** Returns the reading as one sentence, for the value of a slider. */
export function sentenceOf({ time, summary, facts }: Reading): string {
  const texts = facts.map(({ term, value, spoken = value }) => `${term.toLowerCase()} ${spoken}`);
  return [`${time}: ${summary}`, ...texts].join(', ');
}
