import type { UpstreamHistory } from '#server/upstream-client/history.ts';
import { callTexts, latencyTexts } from './history-texts.ts';
import { barsPath, linePath, sparklineSize } from './sparkline-paths.ts';

/** The last hour of an upstream: its latency, and its calls with those that failed. Each chart has its text alternative. */
export function UpstreamCharts({ history }: { history: UpstreamHistory }) {
  const latency = latencyTexts(history);
  const calls = callTexts(history);
  const mostCalls = Math.max(...history.calls);
  const highest = Math.max(...history.latency.map((value) => value ?? 0));
  return (
    <div className="grid items-end gap-x-6 gap-y-4 sm:grid-cols-2">
      <Chart
        title="Latency, last hour"
        {...latency}
        paths={[{ className: 'sparkline-latency', d: linePath(history.latency, highest) }]}
      />
      <Chart
        title="Calls, last hour"
        {...calls}
        paths={[
          { className: 'sparkline-calls', d: barsPath(history.calls, mostCalls) },
          { className: 'sparkline-failures', d: barsPath(history.failures, mostCalls) },
        ]}
      />
    </div>
  );
}

function Chart(props: {
  title: string;
  summary: string;
  alternative: string;
  paths: { className: string; d: string }[];
}) {
  const { title, summary, alternative, paths } = props;
  const { width, height } = sparklineSize;
  return (
    <div className="space-y-1">
      <p className="flex flex-wrap justify-between gap-x-3 text-sm">
        <span className="text-muted">{title}</span> <span className="tabular-nums">{summary}</span>
      </p>
      <svg
        role="img"
        aria-label={alternative}
        className="sparkline"
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
      >
        <path className="sparkline-base" d={`M0 ${height}H${width}`} />
        {paths.map((path) => (
          <path key={path.className} {...path} />
        ))}
      </svg>
    </div>
  );
}
