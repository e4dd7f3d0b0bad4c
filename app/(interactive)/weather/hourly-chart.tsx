import { useId } from 'react';
import type { Forecast } from '#server/weather/schema.ts';
import { type Clock, formatNumber } from './format.ts';
import { barsOf, linePath, niceRange, scaleOf } from './scale.ts';

type Hour = Forecast['hourly'][number];
type Props = { hours: readonly Hour[]; units: Forecast['units']; clock: Clock };

/** SVG units. The chart scales to the available width. */
const width = 960;
const left = 44;
const right = 12;
const lanes = { temperature: [34, 168], chance: [206, 268], wind: [306, 358] } as const;
const bottom = 386;

/** A chart with three lanes over one time axis: temperature, chance of rain and wind. The table has the same data. */
export function HourlyChart({ hours, units, clock }: Props) {
  const id = useId();
  const step = (width - left - right) / Math.max(1, hours.length);
  const x = (index: number) => left + step * (index + 0.5);
  const temperatures = niceRange(hours.map(({ temperature }) => temperature));
  const winds = niceRange(
    hours.map(({ windSpeed }) => windSpeed),
    0,
  );
  const y = {
    temperature: scaleOf(temperatures, lanes.temperature),
    chance: scaleOf([0, 100], lanes.chance),
    wind: scaleOf(winds, lanes.wind),
  };

  return (
    <svg
      role="img"
      aria-labelledby={`${id}-title ${id}-description`}
      viewBox={`0 0 ${width} ${bottom + 8}`}
      className="chart h-auto w-full min-w-160"
    >
      <title id={`${id}-title`}>{`The next ${hours.length} hours`}</title>
      <desc id={`${id}-description`}>{describe(hours, units)}</desc>

      {hours.map((hour, index) =>
        hour.isDay === false ? (
          <rect
            key={hour.time.getTime()}
            className="chart-night"
            x={x(index) - step / 2}
            y={lanes.temperature[0]}
            width={step + 0.5}
            height={lanes.wind[1] - lanes.temperature[0]}
          />
        ) : null,
      )}
      {hours.map((hour, index) => {
        const text = clock.time(hour.time);
        if (!/^(00|06|12|18):00$/.test(text)) return null;
        return (
          <g key={hour.time.getTime()}>
            <line
              className="chart-grid"
              x1={x(index)}
              x2={x(index)}
              y1={lanes.temperature[0]}
              y2={lanes.wind[1]}
            />
            <text className="chart-label" x={x(index)} y={bottom} textAnchor="middle">
              {text === '00:00' ? clock.weekday(hour.time) : text}
            </text>
          </g>
        );
      })}

      <Lane title={`Temperature, ${units.temperature}`} top={lanes.temperature[0]} />
      {temperatures.map((value) => (
        <Level key={value} value={value} y={y.temperature(value)} />
      ))}
      <path
        className="chart-temperature"
        d={linePath(
          hours.map(({ temperature }) => temperature),
          x,
          y.temperature,
        )}
      />

      <Lane title="Chance of rain, %" top={lanes.chance[0]} />
      {[0, 100].map((value) => (
        <Level key={value} value={value} y={y.chance(value)} />
      ))}
      {barsOf(
        hours.map(({ precipitationProbability }) => precipitationProbability),
        y.chance,
      ).map(({ index, top, height }) => (
        <rect
          key={index}
          className="chart-chance"
          x={x(index) - step * 0.35}
          y={top}
          width={step * 0.7}
          height={height}
          rx={1.5}
        />
      ))}

      <Lane title={`Wind, ${units.windSpeed}`} top={lanes.wind[0]} />
      {winds.map((value) => (
        <Level key={value} value={value} y={y.wind(value)} />
      ))}
      <path
        className="chart-wind"
        d={linePath(
          hours.map(({ windSpeed }) => windSpeed),
          x,
          y.wind,
        )}
      />
    </svg>
  );
}

function Lane({ title, top }: { title: string; top: number }) {
  return (
    <text className="chart-title" x={left} y={top - 10}>
      {title}
    </text>
  );
}

function Level({ value, y }: { value: number; y: number }) {
  return (
    <>
      <line className="chart-grid" x1={left} x2={width - right} y1={y} y2={y} />
      <text className="chart-label" x={left - 8} y={y + 4} textAnchor="end">
        {value}
      </text>
    </>
  );
}

/** Describes the chart for screen readers. */
function describe(hours: readonly Hour[], units: Forecast['units']): string {
  const temperatures = known(hours.map(({ temperature }) => temperature));
  const chance = Math.max(0, ...known(hours.map((hour) => hour.precipitationProbability)));
  const wind = Math.max(0, ...known(hours.map(({ windSpeed }) => windSpeed)));
  const [low, high] =
    temperatures.length === 0 ? [null, null] : [Math.min(...temperatures), Math.max(...temperatures)];
  return `Temperature from ${formatNumber(low)} to ${formatNumber(high)} ${units.temperature}, chance of rain up to ${chance} %, wind up to ${wind} ${units.windSpeed}. The table below has every hour.`;
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}
