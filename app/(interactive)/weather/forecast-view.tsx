import { type ReactNode, useId } from 'react';
import type { Forecast } from '#server/weather/schema.ts';
import { AirQuality } from './air-quality.tsx';
import { type Clock, clockOf, formatDay, formatNumber } from './format.ts';
import { HourlyChart } from './hourly-chart.tsx';
import { WeatherIcon } from './weather-icon.tsx';

const hoursShown = 48;

type Day = Forecast['daily'][number];

/**
 * A forecast in the local time of the place. Numbers and times do not use the browser's locale, so that the HTML of
 * server and browser is the same.
 */
export function ForecastView({ forecast }: { forecast: Forecast }) {
  const { current, daily, airQuality, units, location, source, attribution, warnings } = forecast;
  const clock = clockOf(location);
  const firstHour = current?.time ?? source.fetchedAt;
  const hours = forecast.hourly
    .filter((hour) => hour.time.getTime() > firstHour.getTime() - 3_600_000)
    .slice(0, hoursShown);

  return (
    <div className="space-y-6">
      {source.synthetic && (
        <p className="notice">This forecast is synthetic. The product runs with its offline stand-in.</p>
      )}
      {warnings.map((warning) => (
        <p key={warning.code} role="status" className="notice">
          {warning.message}
        </p>
      ))}

      <div className="grid gap-6 md:grid-cols-[2fr_1fr]">
        <section aria-labelledby="now" className="card space-y-5">
          <h3 id="now">Now</h3>
          {current ? (
            <>
              <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
                <WeatherIcon code={current.weatherCode} isDay={current.isDay} className="size-16 shrink-0" />
                <span className="whitespace-nowrap font-semibold text-5xl tracking-tight">
                  {formatNumber(current.temperature)} {units.temperature}
                </span>
                <span className="text-lg text-muted">{current.summary ?? 'Unknown'}</span>
              </p>
              <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
                <Fact term="Feels like">
                  {formatNumber(current.apparentTemperature)} {units.temperature}
                </Fact>
                <Fact term="Wind">
                  {formatNumber(current.windSpeed)} {units.windSpeed}
                </Fact>
                <Fact term="Humidity">{formatNumber(current.relativeHumidity)} %</Fact>
                <Fact term="Precipitation">
                  {formatNumber(current.precipitation)} {units.precipitation}
                </Fact>
              </dl>
              <p className="text-muted text-sm">
                {clock.time(current.time)} local time. {ageText(source.ageSeconds)}
              </p>
            </>
          ) : (
            <p>The current weather is not available for this place.</p>
          )}
        </section>
        <AirQuality airQuality={airQuality} />
      </div>

      <section aria-labelledby="hours" className="space-y-2">
        <h3 id="hours">The next {hours.length} hours</h3>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <section className="card overflow-x-auto" aria-label="Hourly chart" tabIndex={0}>
          <HourlyChart hours={hours} units={units} clock={clock} />
        </section>
        <details>
          <summary className="cursor-pointer py-2 text-accent">Show the hours as a table</summary>
          <ForecastTable
            title="Hour by hour"
            columns={['Time', 'Sky', 'Temperature', 'Rain', 'Chance', 'Wind']}
            rows={hours.map((hour) => [
              `${clock.weekday(hour.time)} ${clock.time(hour.time)}`,
              hour.summary ?? 'Unknown',
              `${formatNumber(hour.temperature)} ${units.temperature}`,
              `${formatNumber(hour.precipitation)} ${units.precipitation}`,
              `${formatNumber(hour.precipitationProbability)} %`,
              `${formatNumber(hour.windSpeed)} ${units.windSpeed}`,
            ])}
          />
        </details>
      </section>

      <ForecastTable
        title={`The next ${daily.length} days`}
        columns={['Day', 'Sky', 'Low', 'High', 'Rain', 'Sunrise', 'Sunset']}
        rows={daily.map((day) => [
          formatDay(day.date),
          <span key="sky" className="flex items-center gap-2">
            <WeatherIcon code={day.weatherCode} isDay={day.daylight !== 'polar_night'} className="size-6" />
            {day.summary ?? 'Unknown'}
          </span>,
          `${formatNumber(day.temperatureMin)}°`,
          `${formatNumber(day.temperatureMax)}°`,
          `${formatNumber(day.precipitationSum)} ${units.precipitation}`,
          formatSun(day, 'sunrise', clock),
          formatSun(day, 'sunset', clock),
        ])}
      />

      <p className="text-muted text-sm">
        <a href={attribution.url}>{attribution.text}</a>. All times are in {location.timezone}.
      </p>
    </div>
  );
}

/** The first column has the row headers. On a narrow screen the table scrolls on its own. */
function ForecastTable(props: { title: string; columns: string[]; rows: ReactNode[][] }) {
  const { title, columns, rows } = props;
  const id = useId();
  return (
    <div className="space-y-2">
      <h3 id={id}>{title}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className="table-scroll card" aria-labelledby={id} tabIndex={0}>
        <table className="w-full">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([head, ...cells], row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity; times repeat after a day
              <tr key={row}>
                <th scope="row">{head}</th>
                {cells.map((cell, column) => (
                  <td key={columns[column + 1]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted text-sm">{term}</dt>
      <dd className="font-medium text-lg">{children}</dd>
    </div>
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

function ageText(seconds: number): string {
  if (seconds < 60) return 'Fetched just now.';
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `Fetched ${minutes} minute${minutes === 1 ? '' : 's'} ago.`;
  return `Fetched ${Math.round(minutes / 60)} hours ago.`;
}
