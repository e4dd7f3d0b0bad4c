import type { Forecast } from '#server/weather/schema.ts';
import { ForecastTable } from './forecast-table.tsx';
import { type Clock, formatDay, formatNumber } from './format.ts';
import { formatPrecipitation, withChance } from './precipitation.ts';
import { percentOf } from './scale.ts';
import { describeUvIndex } from './uv-index.ts';
import { WeatherIcon } from './weather-icon.tsx';

type Day = Forecast['daily'][number];

type Props = Pick<Forecast, 'current' | 'daily' | 'units'> & { now: Date; clock: Clock };

/** A row for each day. Its temperatures are also a bar, on one scale for all days, with a mark at the current one. */
export function DaysTable({ current, daily, units, now, clock }: Props) {
  const range = temperatureRange(daily);
  const today = clock.date(now);
  return (
    <ForecastTable
      title={`The next ${daily.length} days`}
      minWidth="table-days"
      columns={['Day', 'Sky', 'Low', 'High', 'Precipitation', 'UV index', 'Sunrise', 'Sunset']}
      rows={daily.map((day) => [
        day.date === today ? 'Today' : formatDay(day.date),
        <span key="sky" className="relative flex items-center gap-2">
          <WeatherIcon
            code={day.weatherCode}
            isDay={day.daylight !== 'polar_night'}
            className="size-6 shrink-0"
          />
          <span className="sky-text cell-wrap">{day.summary ?? 'Unknown'}</span>
        </span>,
        <span key="low" className="flex items-center gap-3">
          <span className="w-12 shrink-0 text-end">{formatNumber(day.temperatureMin)}°</span>
          <TemperatureBar
            day={day}
            range={range}
            current={day.date === today ? (current?.temperature ?? null) : null}
          />
        </span>,
        `${formatNumber(day.temperatureMax)}°`,
        <span key="precipitation" className="cell-wrap cell-wide">
          {withChance(
            formatPrecipitation(day.precipitationSum, day.weatherCode, units.precipitation),
            day.precipitationProbabilityMax,
          )}
        </span>,
        describeUvIndex(day.uvIndexMax),
        formatSun(day, 'sunrise', clock),
        formatSun(day, 'sunset', clock),
      ])}
    />
  );
}

function temperatureRange(daily: readonly Day[]): [low: number, high: number] {
  const known = daily
    .flatMap(({ temperatureMin, temperatureMax }) => [temperatureMin, temperatureMax])
    .filter((value) => value !== null);
  return [Math.min(...known), Math.max(...known)];
}

/** Repeats the numbers beside it, so screen readers skip it. */
function TemperatureBar(props: { day: Day; range: [number, number]; current: number | null }) {
  const { day, range, current } = props;
  const { temperatureMin: low, temperatureMax: high } = day;
  if (low === null || high === null) return null;
  const start = percentOf(low, range);
  return (
    <svg aria-hidden="true" className="temperature-bar" height="8">
      <rect className="temperature-track" width="100%" height="8" rx="4" />
      <rect
        className="temperature-range"
        x={`${start}%`}
        width={`${percentOf(high, range) - start}%`}
        height="8"
        rx="4"
      />
      {current !== null && current >= low && current <= high && (
        <circle className="temperature-mark" cx={`${percentOf(current, range)}%`} cy="4" r="4" />
      )}
    </svg>
  );
}

/** The cells of days without sunrise and sunset. */
const withoutSun = {
  polar_night: { sunrise: 'Does not rise', sunset: '–' },
  polar_day: { sunrise: '–', sunset: 'Does not set' },
};

function formatSun(day: Day, event: 'sunrise' | 'sunset', clock: Clock): string {
  if (day.daylight === 'polar_day' || day.daylight === 'polar_night') return withoutSun[day.daylight][event];
  const time = day[event];
  return time ? clock.time(time) : '–';
}
