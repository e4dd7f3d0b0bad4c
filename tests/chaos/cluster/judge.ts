import type { Instance } from './instances.ts';
import type { Attempt, Kind } from './load.ts';

export type PhaseFigures = {
  phase: string;
  requests: number;
  /** Answered as asked, a limit's refusals included. */
  answered: number;
  /** Of them, refused for their limit. */
  limited: number;
  /** Refused in the product's own form because something else failed. */
  refused: number;
  /** Cut off with the instance that was killed. */
  cut: number;
};

/** What may fail, and why, while something is broken. Everything else has to be answered. */
const excused: Readonly<Record<string, Partial<Record<Kind, readonly string[]>>>> = {
  'PostgreSQL restarts': { mail: ['mail_unavailable'] },
  'an upstream breaks': {
    weather: ['upstream_bad_answer', 'upstream_overloaded'],
  },
};

/** Milliseconds. Lines of the log wait for the end of a turn; those of its last one a killed process takes along. */
const lastWords = 100;

/** While Redis is gone each instance counts by itself. */
const withoutRedis = /^Redis/;

/** Of an instance, between these times: milliseconds of `performance.now`. */
export type Kill = { port: number; from: number; to: number };

type Evidence = {
  attempts: readonly Attempt[];
  instances: readonly Instance[];
  kills: readonly Kill[];
  limit: { calls: number; seconds: number };
};

/** Counts what came of the requests, and finds what must not be. */
export function judge({ attempts, instances, kills, limit }: Evidence): {
  phases: PhaseFigures[];
  broken: string[];
} {
  const broken: string[] = [];
  /** The balancer says who was cut off by its own answer, or by none at all. */
  const wasCut = ({ status, servedBy, startedAt, endedAt }: Attempt) =>
    kills.some(
      ({ port, from, to }) => (servedBy === port || status === 0) && startedAt <= to && from <= endedAt,
    );

  const phases = [...Map.groupBy(attempts, ({ phase }) => phase)].map(([phase, own]): PhaseFigures => {
    const figures = { phase, requests: own.length, answered: 0, limited: 0, refused: 0, cut: 0 };
    for (const attempt of own) {
      const { kind, status, reason, endPhase } = attempt;
      const limited = kind === 'limited' && status === 429;
      if (status === 200 || limited) figures.answered += 1;
      else if ([phase, endPhase].some((each) => excused[each]?.[kind]?.includes(reason ?? '')))
        figures.refused += 1;
      else if (wasCut(attempt) && reason === undefined) figures.cut += 1;
      else
        broken.push(
          `${phase}: ${kind} got ${status} (${reason ?? 'not in our form'}) by ${attempt.servedBy}`,
        );
      if (limited) figures.limited += 1;
      if (kind !== 'page' && status !== 0 && !attempt.keepsId && !wasCut(attempt)) {
        broken.push(`${phase}: ${kind} came back under another request id`);
      }
    }
    return figures;
  });
  return {
    phases,
    broken: [...broken, ...overLimit(attempts, limit), ...untold(attempts, instances, kills)],
  };
}

/** Within any window, wherever it begins, the limit's calls pass at most twice: once at its end, once at its beginning. */
function overLimit(attempts: readonly Attempt[], { calls, seconds }: Evidence['limit']): string[] {
  const passed = attempts.filter(({ kind, status }) => kind === 'limited' && status === 200);
  const all = new Set(attempts.map(({ servedBy }) => servedBy)).size;
  return [...Map.groupBy(passed, ({ phase }) => phase)].flatMap(([phase, own]) => {
    const begin = Math.min(...own.map(({ startedAt }) => startedAt));
    const end = Math.max(...own.map(({ endedAt }) => endedAt));
    const windows = Math.ceil((end - begin) / 1_000 / seconds) + 1;
    const views = withoutRedis.test(phase) ? all : 1;
    const most = windows * calls * views;
    return own.length > most ? [`${phase}: ${own.length} calls passed a limit of ${most}`] : [];
  });
}

/** Every answer is told in the log of the instance that gave it, under its id, and in no other. */
function untold(
  attempts: readonly Attempt[],
  instances: readonly Instance[],
  kills: readonly Kill[],
): string[] {
  const mayBeUntold = ({ servedBy, endedAt }: Attempt) =>
    kills.some(({ port, from, to }) => servedBy === port && from - lastWords <= endedAt && endedAt <= to);
  const toldBy = new Map<string, number[]>();
  for (const { port, log } of instances) {
    for (const [, requestId = ''] of log().matchAll(/^\{.*"requestId":"([^"]+)".*"msg":"request"/gm)) {
      toldBy.set(requestId, [...(toldBy.get(requestId) ?? []), port]);
    }
  }
  return attempts
    .filter(({ kind, status }) => kind !== 'page' && (status === 200 || status === 429))
    .filter((attempt) => !mayBeUntold(attempt))
    .filter(({ requestId, servedBy }) => {
      const ports = toldBy.get(requestId) ?? [];
      return ports.length !== 1 || ports[0] !== servedBy;
    })
    .map(({ phase, kind, requestId }) => `${phase}: ${kind} ${requestId} is not in the log of who answered`);
}
