import { echo } from '../trpc/procedures/echo.ts';
import { weather } from '../trpc/procedures/weather.ts';

/** Your own routers of procedures, by namespace. */
export const customProcedures = { echo, weather };
