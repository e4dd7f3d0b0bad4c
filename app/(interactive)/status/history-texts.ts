import type { UpstreamHistory } from '#server/upstream-client/history.ts';

/** A chart in words: what is beside it, and its whole text alternative. */
type ChartTexts = { summary: string; alternative: string };

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const count = (value: number) => value.toLocaleString('en');

/** Describes the mean latencies of the last hour. */
export function latencyTexts({ latency }: Pick<UpstreamHistory, 'latency'>): ChartTexts {
  const known = latency.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return { summary: 'no responses', alternative: 'No responses in the last hour.' };
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return {
    summary: `${count(last)} ms, max ${count(most)} ms`,
    alternative: `Mean latency per minute in the last hour: from ${count(least)} to ${count(most)} ms, most recently ${count(last)} ms.`,
  };
}

/** Describes the calls and failures of the last hour. */
export function callTexts({
  endsAt,
  calls,
  failures,
}: Pick<UpstreamHistory, 'endsAt' | 'calls' | 'failures'>): ChartTexts {
  const total = sum(calls);
  if (total === 0) return { summary: 'no calls', alternative: 'No calls in the last hour.' };
  const failed = sum(failures);
  const summary = `${count(total)} ${total === 1 ? 'call' : 'calls'}, ${count(failed)} failed`;
  const busiest = `at most ${count(Math.max(...calls))} a minute`;
  const lastFailed = failures.findLastIndex((value) => value > 0);
  const ago = failures.length - 1 - lastFailed;
  const at = new Date(endsAt.getTime() - ago * 60_000).toISOString().slice(11, 16);
  const when = failed > 0 ? `, last at ${at} UTC` : '';
  return { summary, alternative: `In the last hour: ${summary}${when}, ${busiest}.` };
}
