import { type Answer, jsonAnswer } from '../door/answer.ts';
import { type DoorRequest, targetOf } from '../door/door-request.ts';
import { principalOf } from '../door/principal.ts';
import { Refusal } from '../door/refusal.ts';
import { serve } from '../door/serve.ts';
import { bearerChallenge } from '../door/service-key.ts';
import { readiness } from '../readiness.ts';
import { services } from '../services.ts';
import { serveText } from './serve-text.ts';

/** `/healthz`: this process is alive. It asks nothing else, so a slow dependency never gets it restarted. */
export function handleHealth(request: DoorRequest): Promise<Answer> {
  return serveText(request, '/healthz', async () => unstored(200, { status: 'ok' }));
}

/**
 * `/readyz`: 200 when requests should be sent here, 503 otherwise, with the state of each dependency. What is excluded
 * does not count, only shows.
 */
export function handleReadiness(request: DoorRequest): Promise<Answer> {
  return serveText(request, '/readyz', async () => {
    const exclude = targetOf(request).searchParams.getAll('exclude');
    if (exclude.some((name) => name !== 'mailStorage')) {
      throw new Refusal('invalid_input', { message: 'Only mailStorage can be excluded.' });
    }
    const state = await readiness({ needsMailStorage: exclude.length === 0 });
    return unstored(state.status === 'ready' ? 200 : 503, state);
  });
}

const loopback = new Set(['127.0.0.1', '::/64']);

/** `/metrics`: for whoever is on this machine, and for service keys with the scope `metrics`. */
export function handleMetrics(request: DoorRequest): Promise<Answer> {
  return serveText(request, '/metrics', async (_, scope) => {
    const { env, metrics } = services();
    const principal = principalOf(request, env);
    scope.principal = principal;
    if (principal.kind === 'service' && !principal.scopes.includes('metrics')) throw new Refusal('forbidden');
    if (principal.kind === 'visitor' && !loopback.has(principal.key)) {
      throw new Refusal('unauthorized', { headers: bearerChallenge });
    }
    const body = await metrics.text();
    return {
      status: 200,
      headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' },
      body,
    };
  });
}

/** Everything under `/api` that is nothing. */
export function handleUnknownApi(request: DoorRequest): Promise<Answer> {
  return serve(request, {
    name: '/api/*',
    handler: async () => {
      throw new Refusal('not_found');
    },
  });
}

function unstored(status: number, body: unknown): Answer {
  return jsonAnswer(body, { status, headers: { 'cache-control': 'no-store' } });
}
