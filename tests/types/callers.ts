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

// fixture.reading: a query, available to all callers.
type Reading = Outputs['fixture']['reading'];
expectTypeOf<Awaited<ReturnType<Caller['fixture']['reading']>>>().toEqualTypeOf<Reading>();
expectTypeOf<Awaited<ReturnType<ServerComponents['fixture']['reading']>>>().toEqualTypeOf<Reading>();
expectTypeOf<Awaited<ReturnType<ScriptClient['fixture']['reading']['query']>>>().toEqualTypeOf<Reading>();

type ReadingInput = Inputs['fixture']['reading'];
expectTypeOf<Parameters<Caller['fixture']['reading']>[0]>().toEqualTypeOf<ReadingInput>();
expectTypeOf<Parameters<ServerComponents['fixture']['reading']>[0]>().toEqualTypeOf<ReadingInput>();
expectTypeOf<Parameters<ScriptClient['fixture']['reading']['query']>[0]>().toEqualTypeOf<ReadingInput>();
expectTypeOf<ReadingInput>().toEqualTypeOf<{
  lat: number;
  lng: number;
  days?: number | undefined;
}>();

// Dates are Date objects for all callers, not strings.
expectTypeOf<Reading['hourly'][number]['time']>().toEqualTypeOf<Date>();
expectTypeOf<Reading['hourly'][number]['value']>().toEqualTypeOf<number | null>();
expectTypeOf<Outputs['fixture']['request']['receivedAt']>().toEqualTypeOf<Date>();

// email.send: a mutation.
type Receipt = Outputs['email']['send'];
expectTypeOf<Awaited<ReturnType<Caller['email']['send']>>>().toEqualTypeOf<Receipt>();
expectTypeOf<Awaited<ReturnType<ScriptClient['email']['send']['mutate']>>>().toEqualTypeOf<Receipt>();
expectTypeOf<Receipt['status']>().toEqualTypeOf<'queued' | 'sending' | 'sent' | 'dead' | 'held'>();

// proxy.*: types are inferred from the upstream's declaration.
type Item = Outputs['proxy']['items']['item'];
expectTypeOf<Awaited<ReturnType<ScriptClient['proxy']['items']['item']['query']>>>().toEqualTypeOf<Item>();
expectTypeOf<Item['data']['count']>().toEqualTypeOf<number>();
expectTypeOf<Item['data']['changed_at']>().toEqualTypeOf<Date | null>();
expectTypeOf<Item['meta']['cache']>().toEqualTypeOf<'miss' | 'hit' | 'stale'>();
expectTypeOf<Inputs['proxy']['items']['item']>().toExtend<{
  params: { owner: string; repo: string };
}>();
expectTypeOf<{ params: { owner: string; repo: string } }>().toExtend<Inputs['proxy']['items']['item']>();
expectTypeOf<{ params: { owner: string; repo: string } }>().toExtend<Inputs['proxy']['items']['versions']>();
expectTypeOf<{ params: { owner: string } }>().not.toExtend<Inputs['proxy']['items']['item']>();
expectTypeOf<Outputs['proxy']['items']['render']['data']>().toEqualTypeOf<string>();
expectTypeOf<Inputs['proxy']['items']['render']>().not.toBeAny();

/** Uses the hooks as a component does. */
export function useHookTypes(hooks: Hooks): void {
  const reading = hooks.fixture.reading.useQuery({ lat: 52.52, lng: 13.41 });
  expectTypeOf(reading.data).toEqualTypeOf<Reading | undefined>();
  const send = hooks.email.send.useMutation();
  expectTypeOf(send.data).toEqualTypeOf<Receipt | undefined>();
  expectTypeOf(send.error?.data?.reason).toEqualTypeOf<ErrorReason | undefined>();
  const item = hooks.proxy.items.item.useQuery({ params: { owner: 'a', repo: 'b' } });
  expectTypeOf(item.data).toEqualTypeOf<Item | undefined>();
}

// A POST endpoint is a mutation and a GET endpoint a query. Unknown endpoints do not compile.
expectTypeOf<ScriptClient['proxy']['items']['render']>().toHaveProperty('mutate');
expectTypeOf<ScriptClient['proxy']['items']['render']>().not.toHaveProperty('query');
expectTypeOf<Outputs>().not.toHaveProperty('nothing');
expectTypeOf<Outputs['proxy']['items']>().not.toHaveProperty('nothing');

// Raw endpoints are not procedures: their bytes bypass tRPC.
expectTypeOf<Outputs['proxy']>().toHaveProperty('store');
expectTypeOf<Outputs['proxy']['store']>().not.toHaveProperty('download');
expectTypeOf<Outputs['proxy']['store']>().not.toHaveProperty('upload');
expectTypeOf<Outputs['proxy']['archives']>().not.toHaveProperty('archive');
expectTypeOf<ScriptClient['proxy']['store']>().not.toHaveProperty('download');

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

// file.upload: all callers pass a form or bytes, and nothing else.
type Upload = FormData | Blob | Uint8Array<ArrayBuffer>;
expectTypeOf<Inputs['file']['upload']>().toEqualTypeOf<Upload>();
expectTypeOf<Parameters<ScriptClient['file']['upload']['mutate']>[0]>().toEqualTypeOf<Upload>();
expectTypeOf<Parameters<Caller['file']['upload']>[0]>().toEqualTypeOf<Upload>();
expectTypeOf<Outputs['file']['upload']['createdAt']>().toEqualTypeOf<Date>();
