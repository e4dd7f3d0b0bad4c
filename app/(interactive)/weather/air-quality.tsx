import type { Forecast } from '#server/weather/schema.ts';
import { formatNumber } from './format.ts';

/** The bands of the European air quality index with their upper bounds. Source: European Environment Agency. */
const bands = [
  [20, 'Good'],
  [40, 'Fair'],
  [60, 'Moderate'],
  [80, 'Poor'],
  [100, 'Very poor'],
  [Number.POSITIVE_INFINITY, 'Extremely poor'],
] as const;

function bandOf(europeanAqi: number | null): string | null {
  if (europeanAqi === null) return null;
  return bands.find(([upperBound]) => europeanAqi <= upperBound)?.[1] ?? null;
}

/** The air quality index with its band and its pollutants. */
export function AirQuality({ airQuality }: { airQuality: Forecast['airQuality'] }) {
  const band = bandOf(airQuality?.europeanAqi ?? null);
  return (
    <section aria-labelledby="air" className="card space-y-4">
      <h3 id="air">Air quality</h3>
      {airQuality ? (
        <>
          <p className="font-semibold text-2xl">
            {formatNumber(airQuality.europeanAqi)}{' '}
            <span className="font-medium text-base text-muted">{band ?? 'Unknown'}, European index</span>
          </p>
          <dl className="grid grid-cols-2 gap-x-4 gap-y-2 text-sm">
            <Pollutant name="PM2.5" value={airQuality.pm25} />
            <Pollutant name="PM10" value={airQuality.pm10} />
            <Pollutant name="Ozone" value={airQuality.ozone} />
            <Pollutant name="Nitrogen dioxide" value={airQuality.nitrogenDioxide} />
          </dl>
        </>
      ) : (
        <p className="text-muted">Not available at the moment.</p>
      )}
    </section>
  );
}

function Pollutant({ name, value }: { name: string; value: number | null }) {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd>{formatNumber(value)} µg/m³</dd>
    </div>
  );
}
