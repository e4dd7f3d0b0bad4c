import type { CallToolResult } from '@modelcontextprotocol/server';
import { callTRPCProcedure } from '@trpc/server';
import { AppError } from '../errors.ts';
import type { Context } from '../trpc/context.ts';
import { toAppError } from '../trpc/init.ts';
import { appRouter } from '../trpc/router.ts';
import { deserializeInput } from '../trpc/transformer.ts';
import { toPlainJson, withDates } from './json-values.ts';
import { isOpen, type ProcedureTool } from './tools.ts';

/**
 * Calls a tool's procedure for the caller of a context. The call passes the same checks as a call over HTTP. If it is
 * rejected or fails, the result is a tool error with the `message` and `data` of the error response as JSON.
 *
 * @param call.index index of the call within its request
 */
export async function callTool(
  { entry, inputOf }: ProcedureTool,
  call: { given: Record<string, unknown>; ctx: Context; signal: AbortSignal; index: number },
): Promise<CallToolResult> {
  const { given, ctx, signal, index } = call;
  const { path, type } = entry;
  try {
    if (ctx.principal.kind === 'visitor' && !isOpen(entry)) throw new AppError('unauthorized');
    const output: unknown = await callTRPCProcedure({
      router: appRouter,
      path,
      type,
      ctx,
      signal,
      batchIndex: index,
      getRawInput: async () => withDates(entry.input, inputOf(requireShallow(given))),
    });
    const json = toPlainJson(output);
    return { content: [textOf(json)], structuredContent: json };
  } catch (error) {
    const appError = toAppError(error);
    if (appError.httpStatus >= 500 && !signal.aborted) {
      ctx.services.log.error({ path, reason: appError.reason, err: error }, 'call failed');
    }
    const { requestId } = ctx;
    const data = appError.toData({ path, requestId });
    return { isError: true, content: [textOf({ message: appError.publicMessage, data })] };
  }
}

/** @throws AppError `invalid_input` if the arguments are nested too deeply */
function requireShallow(given: Record<string, unknown>): Record<string, unknown> {
  deserializeInput({ json: given });
  return given;
}

function textOf(value: unknown): CallToolResult['content'][number] {
  return { type: 'text', text: JSON.stringify(value) };
}
