'use client';

import { type PointerEvent, type ReactNode, useId, useState } from 'react';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
import type { Forecast } from '#server/weather/schema.ts';
import { type ChartModel, chartLayout } from './chart-model.ts';
import type { Hour, ShownHours } from './forecast-hours.ts';
import type { Clock } from './format.ts';
import { readingOf, sentenceOf } from './hour-reading.ts';
import { LaneLines } from './hourly-chart.tsx';
import { WeatherIcon } from './weather-icon.tsx';

type Props = {
  shown: ShownHours;
  model: ChartModel;
  units: Forecast['units'];
  clock: Clock;
  scale: ReactNode;
  /** The chart. It does not render again while the pointer moves over it. */
  children: ReactNode;
};

/**
 * The chart with the values of one hour above it. A slider over the chart selects the hour: with a mouse that moves over
 * it, a finger that touches it, or the arrow keys. Without JavaScript it shows the current hour.
 */
export function HourlyReadout({ shown, model, units, clock, scale, children }: Props) {
  const id = useId();
  const hydrated = useHydrated();
  // The time and not its index, because a newer forecast can begin with a later hour.
  const [selected, setSelected] = useState<number>();
  const [hovered, setHovered] = useState<number>();
  const hours = shown.around;
  const time = hovered ?? selected;
  const found = hours.findIndex((hour) => hour.time.getTime() === time);
  const index = found < 0 ? Math.floor(shown.position) : found;
  const hour = hours[index];
  if (!hour) return <p>The hourly forecast is not available for this place.</p>;

  const reading = readingOf(hour, units, clock);
  const timeAt = (at: number) => hours[at]?.time.getTime();
  const select = (at: number) => {
    setHovered(undefined);
    setSelected(timeAt(at));
  };
  const indexAt = ({ clientX, currentTarget }: PointerEvent<HTMLInputElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const last = hours.length - 1;
    return Math.min(Math.max(Math.round(((clientX - left) / width) * last), 0), last);
  };

  return (
    <>
      <output htmlFor={id} aria-live="off" className="block space-y-3">
        <span className="flex items-center gap-2">
          <WeatherIcon code={hour.weatherCode} isDay={hour.isDay} className="size-8 shrink-0" />
          <span className="shrink-0 font-semibold tabular-nums">{reading.time}</span>{' '}
          <span className="min-w-0 truncate text-muted">{reading.summary}</span>
        </span>
        <span className="grid grid-cols-2 gap-x-4 gap-y-2 tabular-nums sm:grid-cols-5">
          {reading.facts.map(({ term, value }) => (
            <span key={term} className="block last:col-span-2 sm:last:col-span-1">
              <span className="block text-muted text-sm">{term}</span>{' '}
              <span className="block font-medium">{value}</span>
            </span>
          ))}
        </span>
      </output>
      <div className="chart-frame" dir="ltr">
        {scale}
        <div className="chart-plot">
          {children}
          {hydrated && (
            <>
              <Cursor hour={hour} x={`${model.x(index)}%`} y={model.lanes.temperature.y} />
              <input
                id={id}
                type="range"
                className="chart-slider"
                aria-label="Hour"
                aria-valuetext={sentenceOf(reading)}
                min={0}
                max={hours.length - 1}
                value={index}
                onChange={(event) => select(event.target.valueAsNumber)}
                onPointerDown={(event) => select(indexAt(event))}
                onPointerMove={(event) =>
                  event.buttons === 0 ? setHovered(timeAt(indexAt(event))) : select(indexAt(event))
                }
                onPointerLeave={() => setHovered(undefined)}
              />
            </>
          )}
        </div>
      </div>
    </>
  );
}

/** Marks the hour that is read out. */
function Cursor({ hour, x, y }: { hour: Hour; x: string; y: (value: number) => number }) {
  const temperatures = [
    { className: 'chart-dot-apparent', value: hour.apparentTemperature },
    { className: 'chart-dot', value: hour.temperature },
  ];
  return (
    <svg aria-hidden="true" className="chart chart-cursor" width="100%" height={chartLayout.height}>
      <LaneLines className="chart-cursor-line" x={x} />
      {temperatures.map(({ className, value }) =>
        value === null ? null : <circle key={className} className={className} cx={x} cy={y(value)} r={4} />,
      )}
    </svg>
  );
}
