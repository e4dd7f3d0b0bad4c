import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { parseEnv } from '#server/config/env.ts';
import { AppError, type ErrorReason } from '#server/errors.ts';
import { createUpstreamClient, type UpstreamClient } from '#server/upstream-client/client.ts';
import { defineUpstream } from '#server/upstream-client/declaration.ts';
import type { CallEndpoint } from '#server/upstream-client/endpoint.ts';
import { UpstreamFailure } from '#server/upstream-client/failure.ts';
import type { UpstreamObserver } from '#server/upstream-client/observer.ts';
import { type Script, startRawServer } from './raw-server.ts';

/** Creates a client that is closed after the running test. */
export function clientOf(
  variables: Record<string, string> = {},
  options: Parameters<typeof createUpstreamClient>[1] = {},
): UpstreamClient {
  const client = createUpstreamClient(parseEnv(variables), options);
  onTestFinished(() => client.close());
  return client;
}

/** Declares an upstream with one endpoint of each kind. */
export function upstreamAt(origin: string) {
  return defineUpstream({
    name: 'sample',
    title: 'Sample',
    origin: () => origin,
    endpoints: {
      json: {
        method: 'GET',
        template: '/things',
        summary: 'Things',
        description: 'A JSON response.',
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
        example: {},
      },
      text: {
        method: 'GET',
        template: '/text',
        summary: 'Text',
        description: 'A text response.',
        answer: { kind: 'text', schema: z.string() },
        example: {},
      },
      thing: {
        method: 'GET',
        template: '/things/{id}/parts/{part}',
        summary: 'A part',
        description: 'Named segments and a query.',
        params: z.object({ id: z.string(), part: z.string() }),
        query: z.object({ q: z.string().optional(), n: z.int().optional() }).optional(),
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
        example: {},
      },
      create: {
        method: 'POST',
        template: '/things',
        summary: 'Creates a thing',
        description: 'A body.',
        body: z.object({ name: z.string().min(1) }),
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
        example: {},
      },
      named: {
        method: 'GET',
        template: '/named',
        summary: 'Named',
        description: 'What the caller named may be missing.',
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
        mayBeMissing: true,
        example: {},
      },
      cached: {
        method: 'GET',
        template: '/cached',
        summary: 'Cached',
        description: 'With cache windows.',
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
        cache: { freshFor: 60_000, staleIfErrorFor: 3_600_000 },
        mayBeMissing: true,
        example: {},
      },
    },
  });
}

/** Declares an upstream with one endpoint, by default a GET of JSON. */
export function oneEndpointAt(
  origin: string,
  endpoint: Partial<
    Pick<CallEndpoint, 'cache' | 'method' | 'deadline' | 'idempotency' | 'mayBeMissing'>
  > = {},
  name = 'sample',
) {
  return defineUpstream({
    name,
    title: 'Sample',
    origin: () => origin,
    endpoints: {
      only: {
        method: 'GET',
        template: '/things',
        summary: 'Things',
        description: 'A JSON response.',
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
        example: {},
        ...endpoint,
      },
    },
  });
}

/** Creates an observer that records its events, each prefixed with the name of the upstream. */
export function recordingObserver() {
  const seen = { attempts: [] as string[], calls: [] as string[], breaker: [] as string[] };
  const observer: UpstreamObserver = {
    attemptEnded: (upstream, outcome) => seen.attempts.push(`${upstream} ${outcome}`),
    callEnded: (upstream, outcome) => seen.calls.push(`${upstream} ${outcome}`),
    breakerChanged: (upstream, state) => seen.breaker.push(`${upstream} ${state}`),
    cacheLookup: () => undefined,
    transferred: () => undefined,
  };
  return { ...seen, observer };
}

/** Calls an endpoint of a server with this behaviour. */
export async function requestFrom(script: Script, endpoint: 'json' | 'text' | 'named' = 'json') {
  const { url } = await startRawServer(script);
  const upstream = upstreamAt(url);
  return clientOf().request(upstream, upstream.endpoints[endpoint], {});
}

/** Returns the AppError that a call fails with. Any other outcome fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<AppError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw new Error('the call failed with something else than an AppError', { cause: error });
  }
  throw new Error('the call did not fail');
}

/** Like `failureOf`, for an UpstreamFailure, which has the fault. */
export async function upstreamFailureOf(call: Promise<unknown>): Promise<UpstreamFailure> {
  const failure = await failureOf(call);
  if (failure instanceof UpstreamFailure) return failure;
  throw new Error('the call failed with an AppError that is no UpstreamFailure', { cause: failure });
}

/** Returns the reason with which `requestFrom` fails. */
export async function reasonFor(
  script: Script,
  endpoint: 'json' | 'text' | 'named' = 'json',
): Promise<ErrorReason> {
  return (await failureOf(requestFrom(script, endpoint))).reason;
}
