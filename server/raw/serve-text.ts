import type { Answer } from '../door/answer.ts';
import type { DoorRequest } from '../door/door-request.ts';
import { Refusal } from '../door/refusal.ts';
import { type Handler, serve } from '../door/serve.ts';

/** A route that only gives: GET and HEAD, anything else is refused. */
export function serveText(request: DoorRequest, name: string, handler: Handler): Promise<Answer> {
  return serve(request, {
    name,
    handler: async (_, scope) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        throw new Refusal('method_not_allowed', { headers: { allow: 'GET, HEAD' } });
      }
      const answer = await handler(request, scope);
      scope.bytesOut = Number(answer.headers['content-length'] ?? 0);
      return answer;
    },
  });
}
