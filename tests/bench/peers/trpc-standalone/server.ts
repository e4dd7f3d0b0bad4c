import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { echoRouter } from '../echo-router.ts';

createHTTPServer({
  router: echoRouter,
  basePath: '/api/trpc/',
  createContext: ({ req }) => ({
    method: req.method ?? 'GET',
    pathname: req.url?.split('?', 1)[0] ?? '/',
    userAgent: req.headers['user-agent'] ?? null,
  }),
}).listen(Number(process.env.PORT), '127.0.0.1');
