import type { Forecast } from '#server/weather/schema.ts';
import type { Hour } from './forecast-hours.ts';
import { percentOf, roundTicks, scaleOf } from './scale.ts';

/** CSS pixels from the top of the chart. Its width is that of the page, so positions on the x axis are in percent. */
export const chartLayout = {
  height: 484,
  days: 13,
  now: 34,
  top: 40,
  lanes: { temperature: [74, 186], chance: [226, 266], precipitation: [306, 346], wind: [386, 430] },
  bottom: 430,
  arrows: 448,
  hours: 478,
} as const;

export type LaneName = keyof typeof chartLayout.lanes;
export const laneNames = [
  'temperature',
  'chance',
  'precipitation',
  'wind',
] as const satisfies readonly LaneName[];
type Lane = { title: string; ticks: number[]; y: (value: number) => number };

/** A chart of hours: four lanes over one time axis. */
export type ChartModel = {
  /** The position of an hour, or the width of a number of hours, in percent. The last hour is at 100. */
  x: (hours: number) => number;
  lanes: Record<LaneName, Lane>;
};

/** The smallest steps of the axis of precipitation, by unit. */
const precipitationSteps: Partial<Record<string, number>> = { mm: 0.5, inch: 0.02 };

export function chartModelOf(hours: readonly Hour[], units: Forecast['units']): ChartModel {
  const last = Math.max(1, hours.length - 1);
  const lane = (name: LaneName, title: string, ticks: number[]): Lane => ({
    title,
    ticks,
    y: scaleOf(ticks, chartLayout.lanes[name]),
  });
  const temperatures = hours.flatMap(({ temperature, apparentTemperature }) => [
    temperature,
    apparentTemperature,
  ]);
  return {
    x: (hour) => percentOf(hour, [0, last]),
    lanes: {
      temperature: lane(
        'temperature',
        `Temperature, ${units.temperature}`,
        roundTicks(temperatures, { steps: 4 }),
      ),
      chance: lane('chance', 'Chance of precipitation, %', [0, 50, 100]),
      precipitation: lane(
        'precipitation',
        `Precipitation, ${units.precipitation}`,
        roundTicks(
          hours.map(({ precipitation }) => precipitation),
          { include: [0], steps: 2, smallestStep: precipitationSteps[units.precipitation] ?? 1 },
        ),
      ),
      wind: lane(
        'wind',
        `Wind, ${units.windSpeed}`,
        roundTicks(
          hours.map(({ windSpeed }) => windSpeed),
          { include: [0], steps: 2 },
        ),
      ),
    },
  };
}
