import type { Forecast } from '#server/weather/schema.ts';
import { formatNumber } from './format.ts';
import { percentOf } from './scale.ts';

/**
 * The levels of the European air quality index with their upper bounds, and the class of their colour. Names and colours
 * are those of the European Environment Agency, https://airindex.eea.europa.eu; the bounds are those of
 * https://open-meteo.com/en/docs/air-quality-api.
 */
const levels = [
  { upTo: 20, name: 'Good', className: 'aqi-good' },
  { upTo: 40, name: 'Fair', className: 'aqi-fair' },
  { upTo: 60, name: 'Moderate', className: 'aqi-moderate' },
  { upTo: 80, name: 'Poor', className: 'aqi-poor' },
  { upTo: 100, name: 'Very poor', className: 'aqi-very-poor' },
  { upTo: Number.POSITIVE_INFINITY, name: 'Extremely poor', className: 'aqi-extremely-poor' },
] as const;

/** The end of the scale. The last level has no bound. */
const scaleEnd = 120;

/** Returns the level of an index, which belongs to the level that ends with it. */
export function airQualityLevel(europeanAqi: number): (typeof levels)[number] | undefined {
  return levels.find(({ upTo }) => europeanAqi <= upTo);
}

/** The air quality index with its level and its pollutants. */
export function AirQuality({ airQuality }: { airQuality: Forecast['airQuality'] }) {
  const index = airQuality?.europeanAqi ?? null;
  const level = index === null ? undefined : airQualityLevel(index);
  return (
    <section aria-labelledby="air" className="card space-y-4">
      <h3 id="air">Air quality</h3>
      {airQuality ? (
        <>
          <p className="flex flex-wrap items-baseline gap-x-2 font-semibold text-2xl">
            {formatNumber(index)}{' '}
            <span className="inline-flex items-center gap-2 text-lg">
              {level && (
                <svg aria-hidden="true" viewBox="0 0 12 12" className="aqi-swatch size-3">
                  <circle className={level.className} cx="6" cy="6" r="5.5" />
                </svg>
              )}
              {level?.name ?? 'Unknown'}
            </span>{' '}
            <span className="font-normal text-muted text-sm">European index</span>
          </p>
          {index !== null && <Scale index={index} />}
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

/** The levels as a bar with a mark at the index. It repeats the text above, so screen readers skip it. */
function Scale({ index }: { index: number }) {
  const width = 100 / levels.length;
  const mark = `${percentOf(Math.min(index, scaleEnd), [0, scaleEnd])}%`;
  return (
    <svg aria-hidden="true" className="aqi-scale block" width="100%" height="22">
      {levels.map(({ name, className }, at) => (
        <rect key={name} className={className} x={`${at * width}%`} y="7" width={`${width}%`} height="8" />
      ))}
      <line className="aqi-mark-edge" x1={mark} x2={mark} y1="2" y2="20" />
      <line className="aqi-mark" x1={mark} x2={mark} y1="2" y2="20" />
    </svg>
  );
}

function Pollutant({ name, value }: { name: string; value: number | null }) {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="tabular-nums">{formatNumber(value)} µg/m³</dd>
    </div>
  );
}
