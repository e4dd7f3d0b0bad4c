/**
 * Type tests, run by `npm run check`: hooks, server caller and script client infer the router's inputs and outputs.
 */
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { expectTypeOf } from 'vitest';
import type { createScriptClient } from '#client/node.ts';
import type { createServerComponentClient } from '#client/server-component.tsx';
import type { trpc } from '#client/trpc.ts';
import type { ErrorReason } from '#server/errors.ts';
import type { Caller } from '#server/trpc/caller.ts';
import type { AppRouter } from '#server/trpc/router.ts';

type Inputs = inferRouterInputs<AppRouter>;
type Outputs = inferRouterOutputs<AppRouter>;
type ScriptClient = ReturnType<typeof createScriptClient>;
type ServerComponents = ReturnType<typeof createServerComponentClient>['api'];
type Hooks = typeof trpc;

// weather.forecast: a query, available to all callers.
type Forecast = Outputs['weather']['forecast'];
expectTypeOf<Awaited<ReturnType<Caller['weather']['forecast']>>>().toEqualTypeOf<Forecast>();
expectTypeOf<Awaited<ReturnType<ServerComponents['weather']['forecast']>>>().toEqualTypeOf<Forecast>();
expectTypeOf<Awaited<ReturnType<ScriptClient['weather']['forecast']['query']>>>().toEqualTypeOf<Forecast>();

type ForecastInput = Inputs['weather']['forecast'];
expectTypeOf<Parameters<Caller['weather']['forecast']>[0]>().toEqualTypeOf<ForecastInput>();
expectTypeOf<Parameters<ServerComponents['weather']['forecast']>[0]>().toEqualTypeOf<ForecastInput>();
expectTypeOf<Parameters<ScriptClient['weather']['forecast']['query']>[0]>().toEqualTypeOf<ForecastInput>();
expectTypeOf<ForecastInput>().toEqualTypeOf<{
  lat: number;
  lng: number;
  days?: number | undefined;
  units?: 'metric' | 'imperial' | undefined;
}>();

// Dates are Date objects for all callers, not strings.
expectTypeOf<NonNullable<Forecast['current']>['time']>().toEqualTypeOf<Date>();
expectTypeOf<Forecast['hourly'][number]['temperature']>().toEqualTypeOf<number | null>();
expectTypeOf<Outputs['echo']['request']['receivedAt']>().toEqualTypeOf<Date>();

// email.send: a mutation.
type Receipt = Outputs['email']['send'];
expectTypeOf<Awaited<ReturnType<Caller['email']['send']>>>().toEqualTypeOf<Receipt>();
expectTypeOf<Awaited<ReturnType<ScriptClient['email']['send']['mutate']>>>().toEqualTypeOf<Receipt>();
expectTypeOf<Receipt['status']>().toEqualTypeOf<'queued' | 'sending' | 'sent' | 'dead' | 'held'>();

// proxy.*: types are inferred from the upstream's declaration.
type Repository = Outputs['proxy']['github']['repository'];
expectTypeOf<
  Awaited<ReturnType<ScriptClient['proxy']['github']['repository']['query']>>
>().toEqualTypeOf<Repository>();
expectTypeOf<Repository['data']['stargazers_count']>().toEqualTypeOf<number>();
expectTypeOf<Repository['data']['pushed_at']>().toEqualTypeOf<Date | null>();
expectTypeOf<Repository['meta']['cache']>().toEqualTypeOf<'miss' | 'hit' | 'stale'>();
expectTypeOf<Inputs['proxy']['github']['repository']>().toExtend<{
  params: { owner: string; repo: string };
}>();
expectTypeOf<{ params: { owner: string; repo: string } }>().toExtend<
  Inputs['proxy']['github']['repository']
>();
expectTypeOf<{ params: { owner: string; repo: string } }>().toExtend<Inputs['proxy']['github']['releases']>();
expectTypeOf<{ params: { owner: string } }>().not.toExtend<Inputs['proxy']['github']['repository']>();
expectTypeOf<Outputs['proxy']['github']['renderMarkdown']['data']>().toEqualTypeOf<string>();
expectTypeOf<Inputs['proxy']['github']['renderMarkdown']>().not.toBeAny();

/** Uses the hooks as a component does. */
export function useHookTypes(hooks: Hooks): void {
  const forecast = hooks.weather.forecast.useQuery({ lat: 52.52, lng: 13.41 });
  expectTypeOf(forecast.data).toEqualTypeOf<Forecast | undefined>();
  const send = hooks.email.send.useMutation();
  expectTypeOf(send.data).toEqualTypeOf<Receipt | undefined>();
  expectTypeOf(send.error?.data?.reason).toEqualTypeOf<ErrorReason | undefined>();
  const repository = hooks.proxy.github.repository.useQuery({ params: { owner: 'a', repo: 'b' } });
  expectTypeOf(repository.data).toEqualTypeOf<Repository | undefined>();
}

// A POST endpoint is a mutation and a GET endpoint a query. Unknown endpoints do not compile.
expectTypeOf<ScriptClient['proxy']['github']['renderMarkdown']>().toHaveProperty('mutate');
expectTypeOf<ScriptClient['proxy']['github']['renderMarkdown']>().not.toHaveProperty('query');
expectTypeOf<Outputs>().not.toHaveProperty('nothing');
expectTypeOf<Outputs['proxy']['github']>().not.toHaveProperty('nothing');

// Raw endpoints are not procedures: their bytes bypass tRPC.
expectTypeOf<Outputs['proxy']>().toHaveProperty('files');
expectTypeOf<Outputs['proxy']['files']>().not.toHaveProperty('download');
expectTypeOf<Outputs['proxy']['files']>().not.toHaveProperty('upload');
expectTypeOf<Outputs['proxy']['codeload']>().not.toHaveProperty('archive');
expectTypeOf<ScriptClient['proxy']['files']>().not.toHaveProperty('download');

// proxy.status: the same type for all callers, with dates and a closed set of states.
type UpstreamStatus = Outputs['proxy']['status'][number];
expectTypeOf<Awaited<ReturnType<Caller['proxy']['status']>>>().toEqualTypeOf<UpstreamStatus[]>();
expectTypeOf<Awaited<ReturnType<ScriptClient['proxy']['status']['query']>>>().toEqualTypeOf<
  UpstreamStatus[]
>();
expectTypeOf<UpstreamStatus['breaker']>().toEqualTypeOf<'closed' | 'open' | 'half_open'>();
expectTypeOf<UpstreamStatus['lastFailure']>().toEqualTypeOf<{ fault: string; at: Date } | null>();
expectTypeOf<UpstreamStatus['latency']>().toEqualTypeOf<{ median: number; p95: number } | null>();
expectTypeOf<UpstreamStatus['cache']>().toEqualTypeOf<{ miss: number; hit: number; stale: number }>();
