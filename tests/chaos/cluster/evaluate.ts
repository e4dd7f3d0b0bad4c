import type { Instance } from './instances.ts';
import type { Attempt, Kind } from './load.ts';

export type PhaseFigures = {
  phase: string;
  requests: number;
  /** Status 200, or 429 for the rate-limited client. */
  served: number;
  /** Those of `served` with status 429. */
  limited: number;
  /** Error responses of the product that the current fault allows. */
  failed: number;
  /** Requests cut off because their instance was killed. */
  disconnected: number;
};

/** Error reasons that each fault allows, by kind of request. All other requests must be served. */
const allowedReasons: Readonly<Record<string, Partial<Record<Kind, readonly string[]>>>> = {
  'PostgreSQL restarts': { mail: ['mail_unavailable'] },
  'an upstream fails': {
    reading: ['upstream_bad_answer', 'upstream_overloaded'],
  },
};

/** Milliseconds. Log lines are buffered until the end of an event-loop turn, so a killed process loses the last ones. */
const logFlushTime = 100;

/** Phases without Redis, in which each instance counts on its own. */
const withoutRedis = /^Redis/;

/** Kill of the instance at `port`. Times are those of `performance.now`, in milliseconds. */
export type Kill = { port: number; from: number; to: number };

type Evidence = {
  attempts: readonly Attempt[];
  instances: readonly Instance[];
  kills: readonly Kill[];
  limit: { calls: number; seconds: number };
};

/** Counts the outcomes of the requests and finds violated guarantees. */
export function evaluate({ attempts, instances, kills, limit }: Evidence): {
  phases: PhaseFigures[];
  violations: string[];
} {
  const violations: string[] = [];
  /** A request that was cut off has the balancer's own response or none at all. */
  const wasDisconnected = ({ status, servedBy, startedAt, endedAt }: Attempt) =>
    kills.some(
      ({ port, from, to }) => (servedBy === port || status === 0) && startedAt <= to && from <= endedAt,
    );

  const phases = [...Map.groupBy(attempts, ({ phase }) => phase)].map(([phase, own]): PhaseFigures => {
    const figures = { phase, requests: own.length, served: 0, limited: 0, failed: 0, disconnected: 0 };
    for (const attempt of own) {
      const { kind, status, reason, endPhase } = attempt;
      const limited = kind === 'limited' && status === 429;
      if (status === 200 || limited) figures.served += 1;
      else if ([phase, endPhase].some((each) => allowedReasons[each]?.[kind]?.includes(reason ?? '')))
        figures.failed += 1;
      else if (wasDisconnected(attempt) && reason === undefined) figures.disconnected += 1;
      else
        violations.push(
          `${phase}: ${kind} returned ${status} (${reason ?? 'no reason'}) from port ${attempt.servedBy}`,
        );
      if (limited) figures.limited += 1;
      if (kind !== 'page' && status !== 0 && !attempt.keepsRequestId && !wasDisconnected(attempt)) {
        violations.push(`${phase}: the response to ${kind} has another request id`);
      }
    }
    return figures;
  });
  return {
    phases,
    violations: [
      ...violations,
      ...overLimit(attempts, limit),
      ...missingLogLines(attempts, instances, kills),
    ],
  };
}

/**
 * Finds phases in which more calls passed than the limit allows. A phase can start in the middle of a window, so one
 * more window than fits into it counts. Without Redis each instance allows the limit on its own.
 */
function overLimit(attempts: readonly Attempt[], { calls, seconds }: Evidence['limit']): string[] {
  const passed = attempts.filter(({ kind, status }) => kind === 'limited' && status === 200);
  const instanceCount = new Set(attempts.map(({ servedBy }) => servedBy)).size;
  return [...Map.groupBy(passed, ({ phase }) => phase)].flatMap(([phase, own]) => {
    const start = Math.min(...own.map(({ startedAt }) => startedAt));
    const end = Math.max(...own.map(({ endedAt }) => endedAt));
    const windows = Math.ceil((end - start) / 1_000 / seconds) + 1;
    const counters = withoutRedis.test(phase) ? instanceCount : 1;
    const maxCalls = windows * calls * counters;
    return own.length > maxCalls ? [`${phase}: ${own.length} calls passed a limit of ${maxCalls}`] : [];
  });
}

/** Finds responses that are not logged by exactly one instance, the one that served them, under their request id. */
function missingLogLines(
  attempts: readonly Attempt[],
  instances: readonly Instance[],
  kills: readonly Kill[],
): string[] {
  const mayBeMissing = ({ servedBy, endedAt }: Attempt) =>
    kills.some(({ port, from, to }) => servedBy === port && from - logFlushTime <= endedAt && endedAt <= to);
  const loggedBy = new Map<string, number[]>();
  for (const { port, log } of instances) {
    for (const [, requestId = ''] of log().matchAll(/^\{.*"requestId":"([^"]+)".*"msg":"request"/gm)) {
      loggedBy.set(requestId, [...(loggedBy.get(requestId) ?? []), port]);
    }
  }
  return attempts
    .filter(({ kind, status }) => kind !== 'page' && (status === 200 || status === 429))
    .filter((attempt) => !mayBeMissing(attempt))
    .filter(({ requestId, servedBy }) => {
      const ports = loggedBy.get(requestId) ?? [];
      return ports.length !== 1 || ports[0] !== servedBy;
    })
    .map(
      ({ phase, kind, requestId }) =>
        `${phase}: ${kind} ${requestId} is not logged by exactly the instance that served it`,
    );
}
