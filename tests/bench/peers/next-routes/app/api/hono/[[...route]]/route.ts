import { Hono } from 'hono';
import { validator } from 'hono/validator';
import { handle } from 'hono/vercel';
import { z } from 'zod';

const input = z.object({ json: z.unknown() });

/** Hono RPC mounted in Next as its documentation shows: plain JSON, no superjson. */
const app = new Hono()
  .basePath('/api/hono')
  .post(
    '/echo/body',
    validator('json', (value) => input.parse(value)),
    (c) => c.json({ res: c.req.valid('json').json }),
  )
  .get('/echo/request', (c) =>
    c.json({
      method: c.req.method,
      pathname: c.req.path,
      userAgent: c.req.header('user-agent') ?? null,
      receivedAt: new Date(),
    }),
  );

export const GET = handle(app);
export const POST = handle(app);
