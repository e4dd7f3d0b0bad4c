import { z } from 'zod';

/** Calls for access tokens that a process makes at once. */
export const tokenTaskSchema = z.object({
  cookie: z.string(),
  target: z.object({
    parameter: z.enum(['resource', 'audience', 'none']),
    value: z.string(),
    scopes: z.array(z.string()),
  }),
  calls: z.number(),
  /** The token that the backend did not accept. */
  refused: z.string().exactOptional(),
});

export type TokenTask = z.infer<typeof tokenTaskSchema>;
