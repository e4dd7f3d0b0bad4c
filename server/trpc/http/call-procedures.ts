import { getTRPCErrorFromUnknown, TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import type { Context } from '../context.ts';
import { errorShape } from '../init.ts';
import { procedures, proceduresOf } from '../procedure-registry.ts';
import { appRouter } from '../router.ts';
import { transformer } from '../transformer.ts';
import { serializeOutputJson } from './output-json.ts';
import { procedureRunner } from './procedure-runner.ts';

export type Calls = {
  /** The procedures that are called, as the caller wrote them. */
  paths: readonly string[];
  /** A batch is answered by a list, even one of a single call. */
  isBatch: boolean;
  /** What came as their input: of one call its own, of a batch an object by place. May throw. */
  readInput: () => unknown;
  /** Whether that is superjson. A form is not. */
  isJson: boolean;
  ctx: Context;
  signal: AbortSignal;
  onError: (failure: { error: TRPCError; path: string }) => void;
};

const runners = new Map(
  Object.entries(proceduresOf(appRouter)).map(([path, procedure]) => [path, procedureRunner(procedure)]),
);

type Result = { httpStatus: number; json: string };

/**
 * Runs the procedures of one request and writes tRPC's answer to it: what tRPC's own adapters do for calls that are
 * no streams, without their second Request and Response. What is not a call of the router was refused before.
 */
export async function callProcedures(calls: Calls): Promise<{ status: number; body: string }> {
  const inputOf = inputReader(calls);
  const [path = ''] = calls.paths;
  if (!calls.isBatch) {
    const { httpStatus, json } = await callOne(path, 0, inputOf, calls);
    return { status: httpStatus, body: json };
  }
  const results = await Promise.all(calls.paths.map((path, index) => callOne(path, index, inputOf, calls)));
  const [first = { httpStatus: 200 }] = results;
  const isMixed = results.some(({ httpStatus }) => httpStatus !== first.httpStatus);
  return {
    status: isMixed ? 207 : first.httpStatus,
    body: `[${results.map(({ json }) => json).join(',')}]`,
  };
}

async function callOne(
  path: string,
  index: number,
  inputOf: (index: number) => Promise<unknown>,
  { ctx, signal, onError }: Calls,
): Promise<Result> {
  const procedure = procedures.get(path);
  const run = runners.get(path);
  try {
    if (!procedure || !run) throw new TRPCError({ code: 'NOT_FOUND' });
    const data = await run({
      path,
      type: procedure.type,
      ctx,
      signal,
      batchIndex: index,
      getRawInput: () => inputOf(index),
    });
    return { httpStatus: 200, json: `{"result":{"data":${serializeOutputJson(data)}}}` };
  } catch (cause) {
    const error = getTRPCErrorFromUnknown(cause);
    onError({ error, path });
    // It holds nothing that superjson would annotate.
    const json = JSON.stringify({ error: { json: errorShape({ error, path, ctx }) } });
    return { httpStatus: getHTTPStatusCodeFromError(error), json };
  }
}

/** Reads what came once, when the first call asks for it, and undoes superjson for each call by itself. */
function inputReader({ readInput, isBatch, isJson }: Calls): (index: number) => Promise<unknown> {
  let read: Promise<unknown> | undefined;
  async function readOnce(): Promise<unknown> {
    try {
      return await readInput();
    } catch (cause) {
      throw new TRPCError({ code: 'BAD_REQUEST', cause });
    }
  }
  return async (index) => {
    read ??= readOnce();
    const input = await read;
    const own = isBatch ? inputAt(input, index) : input;
    return isJson && own !== undefined ? transformer.input.deserialize(own) : own;
  };
}

function inputAt(inputs: unknown, index: number): unknown {
  if (inputs === undefined) return undefined;
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    throw new TRPCError({ code: 'BAD_REQUEST' });
  }
  return Reflect.get(inputs, index);
}
