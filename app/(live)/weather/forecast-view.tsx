import type { Forecast } from '#server/weather/schema.ts';
import { formatDay, formatNumber, formatTime } from './format.ts';

const hoursShown = 24;

/** A forecast in the place's own time. Numbers and times are written without the browser's locale, so that both renders agree. */
export function ForecastView({ forecast }: { forecast: Forecast }) {
  const { current, daily, airQuality, units, location, source, attribution, warnings } = forecast;
  const offset = location.utcOffsetSeconds;
  const firstHour = current?.time ?? source.fetchedAt;
  const hours = forecast.hourly
    .filter((hour) => hour.time.getTime() > firstHour.getTime() - 3_600_000)
    .slice(0, hoursShown);

  return (
    <div className="space-y-6">
      {source.synthetic && (
        <p className="notice">These numbers are made up: the product runs on its offline stand-in.</p>
      )}
      {warnings.map((warning) => (
        <p key={warning.code} role="status" className="notice">
          {warning.message}
        </p>
      ))}

      {current ? (
        <dl className="card grid grid-cols-2 gap-4 sm:grid-cols-4">
          <Fact term="Now">
            {formatNumber(current.temperature)} {units.temperature}
          </Fact>
          <Fact term="Sky">{current.summary ?? 'Unknown'}</Fact>
          <Fact term="Wind">
            {formatNumber(current.windSpeed)} {units.windSpeed}
          </Fact>
          <Fact term="Feels like">
            {formatNumber(current.apparentTemperature)} {units.temperature}
          </Fact>
          <Fact term="Humidity">{formatNumber(current.relativeHumidity)} %</Fact>
          <Fact term="Precipitation">
            {formatNumber(current.precipitation)} {units.precipitation}
          </Fact>
          <Fact term="Air quality">
            {airQuality ? `${formatNumber(airQuality.europeanAqi)} (European index)` : 'Not available'}
          </Fact>
          <Fact term="Local time">{formatTime(current.time, offset)}</Fact>
        </dl>
      ) : (
        <p>There is no current weather for this place.</p>
      )}

      <div className="space-y-2">
        <h3 id="daily">The next {daily.length} days</h3>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <section className="table-scroll card" aria-labelledby="daily" tabIndex={0}>
          <table className="w-full">
            <thead>
              <tr>
                <th scope="col">Day</th>
                <th scope="col">Sky</th>
                <th scope="col">Low</th>
                <th scope="col">High</th>
                <th scope="col">Rain</th>
                <th scope="col">Sunrise</th>
                <th scope="col">Sunset</th>
              </tr>
            </thead>
            <tbody>
              {daily.map((day) => (
                <tr key={day.date}>
                  <th scope="row">{formatDay(day.date)}</th>
                  <td>{day.summary ?? 'Unknown'}</td>
                  <td>{formatNumber(day.temperatureMin)}°</td>
                  <td>{formatNumber(day.temperatureMax)}°</td>
                  <td>
                    {formatNumber(day.precipitationSum)} {units.precipitation}
                  </td>
                  <td>{formatTime(day.sunrise, offset)}</td>
                  <td>{formatTime(day.sunset, offset)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </div>

      <div className="space-y-2">
        <h3 id="hourly">The next {hours.length} hours</h3>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <section className="table-scroll card" aria-labelledby="hourly" tabIndex={0}>
          <table className="w-full">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Sky</th>
                <th scope="col">Temperature</th>
                <th scope="col">Rain</th>
                <th scope="col">Chance</th>
                <th scope="col">Wind</th>
              </tr>
            </thead>
            <tbody>
              {hours.map((hour) => (
                <tr key={hour.time.getTime()}>
                  <th scope="row">{formatTime(hour.time, offset)}</th>
                  <td>{hour.summary ?? 'Unknown'}</td>
                  <td>
                    {formatNumber(hour.temperature)} {units.temperature}
                  </td>
                  <td>
                    {formatNumber(hour.precipitation)} {units.precipitation}
                  </td>
                  <td>{formatNumber(hour.precipitationProbability)} %</td>
                  <td>
                    {formatNumber(hour.windSpeed)} {units.windSpeed}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </div>

      <p className="text-muted text-sm">
        <a href={attribution.url}>{attribution.text}</a>. Times are those of {location.timezone}.{' '}
        {ageText(source.ageSeconds)}
      </p>
    </div>
  );
}

function Fact({ term, children }: { term: string; children: React.ReactNode }) {
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
