import { useId } from 'react';
import type { Forecast } from '#server/weather/schema.ts';
import { type ChartModel, chartLayout, type LaneName, laneNames } from './chart-model.ts';
import type { ShownHours } from './forecast-hours.ts';
import { type Clock, formatNumber } from './format.ts';
import { barsOf, linePath, runsOf } from './scale.ts';
import { arrowAngle, windArrowPath } from './wind.tsx';

type Hours = ShownHours['around'];
type Props = { shown: ShownHours; model: ChartModel; units: Forecast['units']; clock: Clock };

const { lanes, top, bottom, height } = chartLayout;

/** A day's name needs this many hours, so that it does not cover the next one on a small screen. */
const hoursOfDayName = 10;

/** The axes, lines and bars of a chart. The table has the same hours from now on. */
export function HourlyChart({ shown, model, units, clock }: Props) {
  const id = useId();
  const hours = shown.around;
  const x = (index: number) => `${model.x(index)}%`;
  return (
    <svg
      role="img"
      aria-labelledby={`${id}-title ${id}-description`}
      className="chart"
      width="100%"
      height={height}
    >
      <title id={`${id}-title`}>{`The next ${shown.next.length} hours`}</title>
      <desc id={`${id}-description`}>{describe(shown.next, units)}</desc>
      <Nights hours={hours} x={model.x} />
      {laneNames.map((name) => (
        <Lane key={name} {...model.lanes[name]} top={lanes[name][0]} />
      ))}
      <TimeAxis hours={hours} clock={clock} x={x} />
      <Line lane="temperature" className="chart-apparent" model={model} of={apparentOf(hours)} />
      <Line
        lane="temperature"
        className="chart-temperature"
        model={model}
        of={hours.map((hour) => hour.temperature)}
      />
      <Bars lane="chance" model={model} of={hours.map((hour) => hour.precipitationProbability)} />
      <Bars lane="precipitation" model={model} of={hours.map((hour) => hour.precipitation)} />
      <Line lane="wind" className="chart-wind" model={model} of={hours.map((hour) => hour.windSpeed)} />
      <WindArrows hours={hours} clock={clock} x={x} />
      <LaneLines className="chart-now" x={x(shown.position)} />
      <text
        className="chart-label chart-now-label"
        x={x(shown.position)}
        y={chartLayout.now}
        textAnchor="middle"
      >
        Now
      </text>
    </svg>
  );
}

function apparentOf(hours: Hours) {
  return hours.map((hour) => hour.apparentTemperature);
}

/** The labels of the lanes' y axes, in a column beside the chart. */
export function ChartScale({ model }: { model: ChartModel }) {
  return (
    <svg aria-hidden="true" className="chart" width="100%" height={height}>
      {laneNames.flatMap((name) =>
        model.lanes[name].ticks.map((value) => (
          <text
            key={`${name} ${value}`}
            className="chart-label"
            x="100%"
            dx={-12}
            y={model.lanes[name].y(value) + 4}
            textAnchor="end"
          >
            {value}
          </text>
        )),
      )}
    </svg>
  );
}

function Nights({ hours, x }: { hours: Hours; x: ChartModel['x'] }) {
  const last = hours.length - 1;
  return runsOf(hours.map(({ isDay }) => isDay === false)).map(([from, to]) => {
    const start = Math.max(0, from - 0.5);
    return (
      <rect
        key={from}
        className="chart-night"
        x={`${x(start)}%`}
        width={`${x(Math.min(last, to + 0.5) - start)}%`}
        y={top}
        height={bottom - top}
      />
    );
  });
}

function Lane({ title, ticks, y, top: laneTop }: ChartModel['lanes'][LaneName] & { top: number }) {
  const isTemperature = laneTop === lanes.temperature[0];
  return (
    <>
      <text className="chart-title" y={laneTop - 12}>
        {title}
        {isTemperature && <tspan className="chart-legend"> · feels like dashed</tspan>}
      </text>
      {ticks.map((value) => (
        <line key={value} className="chart-grid" x1="0" x2="100%" y1={y(value)} y2={y(value)} />
      ))}
    </>
  );
}

/** A vertical line through each lane. The titles between the lanes stay legible. */
export function LaneLines({ className, x }: { className: string; x: string }) {
  return laneNames.map((name) => (
    <line key={name} className={className} x1={x} x2={x} y1={lanes[name][0]} y2={lanes[name][1]} />
  ));
}

type AxisProps = { hours: Hours; clock: Clock; x: (index: number) => string };

/** A line each six hours, stronger at midnight. A small screen has no room for the labels of 6 and 18 o'clock. */
function TimeAxis({ hours, clock, x }: AxisProps) {
  const full = hours.map(({ time }) => clock.fullHour(time));
  const midnights = full.flatMap((hour, index) => (hour === 0 ? [index] : []));
  const days = [...new Set([0, ...midnights])];
  return (
    <>
      {hours.map(({ time }, index) => {
        const hour = full[index];
        if (hour === undefined || hour % 6 !== 0) return null;
        return (
          <g key={time.getTime()}>
            <LaneLines className={hour === 0 ? 'chart-midnight' : 'chart-grid'} x={x(index)} />
            <text
              className={`chart-label ${hour % 12 === 0 ? '' : 'chart-minor'}`}
              x={x(index)}
              y={chartLayout.hours}
              textAnchor="middle"
            >
              {clock.hour(time)}
            </text>
          </g>
        );
      })}
      {days.map((start, at) => {
        const hour = hours[start];
        const length = (days[at + 1] ?? hours.length) - start;
        return hour && length >= hoursOfDayName ? (
          <text key={start} className="chart-day" x={x(start)} dx={start === 0 ? 0 : 6} y={chartLayout.days}>
            {clock.day(hour.time)}
          </text>
        ) : null;
      })}
    </>
  );
}

type SeriesProps = { lane: LaneName; model: ChartModel; of: readonly (number | null)[] };

/** A line in a coordinate system of its own, one unit wide for each hour, which stretches to the width of the chart. */
function Line({ lane, model, of, className }: SeriesProps & { className: string }) {
  return (
    <svg
      aria-hidden="true"
      width="100%"
      height={height}
      viewBox={`0 0 ${Math.max(1, of.length - 1)} ${height}`}
      preserveAspectRatio="none"
      className="overflow-visible"
    >
      <path className={className} vectorEffect="non-scaling-stroke" d={linePath(of, model.lanes[lane].y)} />
    </svg>
  );
}

function Bars({ lane, model, of }: SeriesProps) {
  return barsOf(of, model.lanes[lane].y).map(({ index, top: barTop, height: barHeight }) => (
    <rect
      key={index}
      className={`chart-${lane}`}
      x={`${model.x(index - 0.35)}%`}
      width={`${model.x(0.7)}%`}
      y={barTop}
      height={barHeight}
      rx={1}
    />
  ));
}

/** An arrow each three hours; on a small screen each six. */
function WindArrows({ hours, clock, x }: AxisProps) {
  return hours.map(({ time, windSpeed, windDirection }, index) => {
    const hour = clock.fullHour(time);
    if (hour === undefined || hour % 3 !== 0 || windDirection === null || !windSpeed) return null;
    return (
      <svg
        key={time.getTime()}
        aria-hidden="true"
        x={x(index)}
        y={chartLayout.arrows}
        className="overflow-visible"
      >
        <path
          className={`chart-arrow ${hour % 6 === 0 ? '' : 'chart-minor'}`}
          d={windArrowPath}
          transform={`rotate(${arrowAngle(windDirection)})`}
        />
      </svg>
    );
  });
}

/** Describes the chart for screen readers. */
function describe(hours: Hours, units: Forecast['units']): string {
  const temperatures = known(hours.map(({ temperature }) => temperature));
  const chance = Math.max(0, ...known(hours.map((hour) => hour.precipitationProbability)));
  const wind = Math.max(0, ...known(hours.map(({ windSpeed }) => windSpeed)));
  const [low, high] =
    temperatures.length === 0 ? [null, null] : [Math.min(...temperatures), Math.max(...temperatures)];
  return `Temperature from ${formatNumber(low)} to ${formatNumber(high)} ${units.temperature}, chance of precipitation up to ${chance} %, wind up to ${wind} ${units.windSpeed}. The table below has every hour.`;
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}
