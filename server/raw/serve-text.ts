import { Refusal } from '../door/refusal.ts';
import { type Handler, serve } from '../door/serve.ts';

/** A route that only gives: GET and HEAD, anything else is refused. */
export function serveText(request: Request, name: string, handler: Handler): Promise<Response> {
  return serve(request, {
    name,
    handler: async (_, scope) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        throw new Refusal('method_not_allowed', { headers: { allow: 'GET, HEAD' } });
      }
      const response = await handler(request, scope);
      scope.bytesOut = Number(response.headers.get('content-length') ?? 0);
      return response;
    },
  });
}
