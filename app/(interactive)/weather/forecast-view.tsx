import type { ReactNode } from 'react';
import type { Forecast } from '#server/weather/schema.ts';
import { AirQuality } from './air-quality.tsx';
import { chartModelOf } from './chart-model.ts';
import { DaysTable } from './days-table.tsx';
import { type ShownHours, shownHours } from './forecast-hours.ts';
import { ForecastTable } from './forecast-table.tsx';
import { type Clock, clockOf, formatNumber, formatValue, type HourCycle } from './format.ts';
import { ChartScale, HourlyChart } from './hourly-chart.tsx';
import { HourlyReadout } from './hourly-readout.tsx';
import { formatPrecipitation, precipitationAmount, precipitationTerm } from './precipitation.ts';
import { WeatherIcon } from './weather-icon.tsx';
import { Wind } from './wind.tsx';

/**
 * A forecast in the local time of the place. Numbers and times do not use the browser's locale, so that the HTML of
 * server and browser is the same.
 */
export function ForecastView({ forecast, hourCycle }: { forecast: Forecast; hourCycle: HourCycle }) {
  const { current, daily, airQuality, units, location, source, attribution, warnings } = forecast;
  const clock = clockOf(location, hourCycle);
  const shown = shownHours(forecast);

  return (
    <div className="space-y-8">
      {source.synthetic && (
        <p className="notice">This forecast is synthetic. The product runs with its offline stand-in.</p>
      )}
      {warnings.map((warning) => (
        <p key={warning.code} role="status" className="notice">
          {warning.message}
        </p>
      ))}
      <div className="grid gap-6 md:grid-cols-[2fr_1fr]">
        <CurrentWeather forecast={forecast} clock={clock} />
        <AirQuality airQuality={airQuality} />
      </div>
      <HourlyForecast shown={shown} units={units} clock={clock} />
      <DaysTable current={current} daily={daily} units={units} now={shown.now} clock={clock} />
      <p className="text-muted text-sm">
        <a href={attribution.url}>{attribution.text}</a>. All times are in {location.timezone}.
      </p>
    </div>
  );
}

function CurrentWeather({ forecast, clock }: { forecast: Forecast; clock: Clock }) {
  const { current, units, source } = forecast;
  return (
    <section aria-labelledby="now" className="card space-y-5">
      <h3 id="now">Now</h3>
      {current ? (
        <>
          <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <WeatherIcon code={current.weatherCode} isDay={current.isDay} className="size-16 shrink-0" />
            <span className="whitespace-nowrap font-semibold text-5xl tabular-nums tracking-tight">
              {formatValue(current.temperature, units.temperature)}
            </span>
            <span className="text-lg text-muted">{current.summary ?? 'Unknown'}</span>
          </p>
          <dl className="grid grid-cols-2 gap-4 tabular-nums sm:grid-cols-4 md:grid-cols-2 lg:grid-cols-4">
            <Fact term="Feels like">{formatValue(current.apparentTemperature, units.temperature)}</Fact>
            <Fact term="Wind">
              <Wind speed={current.windSpeed} direction={current.windDirection} unit={units.windSpeed} />
            </Fact>
            <Fact term="Humidity">{formatNumber(current.relativeHumidity)} %</Fact>
            <Fact term={precipitationTerm(current.precipitation, current.weatherCode)}>
              {precipitationAmount(current.precipitation, current.weatherCode, units.precipitation)}
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
  );
}

function HourlyForecast(props: { shown: ShownHours; units: Forecast['units']; clock: Clock }) {
  const { shown, units, clock } = props;
  const model = chartModelOf(shown.around, units);
  return (
    <section aria-labelledby="hours" className="space-y-2">
      <h3 id="hours">The next {shown.next.length} hours</h3>
      <div className="card space-y-5">
        <HourlyReadout {...props} model={model} scale={<ChartScale model={model} />}>
          <HourlyChart {...props} model={model} />
        </HourlyReadout>
      </div>
      <details>
        <summary className="cursor-pointer py-2 text-accent">Show the hours as a table</summary>
        <ForecastTable
          title="Hour by hour"
          minWidth="table-hours"
          columns={['Time', 'Sky', 'Temperature', 'Feels like', 'Precipitation', 'Chance', 'Wind']}
          rows={shown.next.map((hour) => [
            clock.weekdayTime(hour.time),
            <span key="sky" className="cell-wrap">
              {hour.summary ?? 'Unknown'}
            </span>,
            formatValue(hour.temperature, units.temperature),
            formatValue(hour.apparentTemperature, units.temperature),
            <span key="precipitation" className="cell-wrap">
              {formatPrecipitation(hour.precipitation, hour.weatherCode, units.precipitation)}
            </span>,
            formatValue(hour.precipitationProbability, '%'),
            <Wind key="wind" speed={hour.windSpeed} direction={hour.windDirection} unit={units.windSpeed} />,
          ])}
        />
      </details>
    </section>
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

function ageText(seconds: number): string {
  if (seconds < 60) return 'Fetched just now.';
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `Fetched ${minutes} minute${minutes === 1 ? '' : 's'} ago.`;
  return `Fetched ${Math.round(minutes / 60)} hours ago.`;
}
