'use client';

import { createTRPCReact } from '@trpc/react-query';
import type { AppRouter } from '#server/trpc/router.ts';

/** Typed hooks: `trpc.weather.forecast.useQuery({ lat, lng })`. */
export const trpc = createTRPCReact<AppRouter>();
