import { type AnyRouter, callTRPCProcedure } from '@trpc/server';
import type { Runner } from './procedure-runner.ts';

/**
 * Returns a runner that calls the procedures of a router through tRPC's own middleware loop. `TRPC_RUNNER=trpc` selects
 * it in place of `procedureRunner`, to find out whether a bug is in the product's loop or in tRPC.
 */
export function trpcRunner(router: AnyRouter): Runner {
  return (call) => callTRPCProcedure({ ...call, router });
}
