'use client';

import { createTRPCReact } from '@trpc/react-query';
import type { AppRouter } from '#server/trpc/router.ts';

/** Typed hooks: `trpc.orders.list.useQuery({ year })`. */
export const trpc = createTRPCReact<AppRouter>();
