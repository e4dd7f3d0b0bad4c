import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { productTitle } from '../config/product-name.ts';
import type { HttpServices } from '../http/handle-request.ts';
import { requestIdOf } from '../http/request-id.ts';
import { logRequest } from '../http/request-log.ts';
import { createRequestScope } from '../observability/request-scope.ts';
import type { Overload } from './admission.ts';

/** Inlined: the build's style sheets would cause more requests to an overloaded server. */
const style = `
:root { color-scheme: light dark; --page: #fbfbf9; --ink: #1c2024; --link: #0b5fa5 }
@media (prefers-color-scheme: dark) { :root { --page: #111418; --ink: #e8eaed; --link: #7cc0ff } }
body { margin: 0; min-height: 100dvh; display: grid; place-content: center; background: var(--page); color: var(--ink);
  font: 1rem/1.6 ui-sans-serif, system-ui, sans-serif }
main { max-width: 28rem; padding: 1.5rem }
h1 { font-size: 1.5rem; line-height: 1.3 }
a { color: var(--link) }
code { overflow-wrap: anywhere }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** Content-Security-Policy of the page: allows only its inline style. */
export const overloadedPagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`;

const overloadedPage = (requestId: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Busy · ${productTitle}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>The site is busy</h1>
<p>Please <a href="">try again</a> in a moment.</p>
<p>Please quote <code>${requestId}</code> when you report it.</p>
</main>
</body>
</html>
`;

/** Responds that Next does not handle the request now, with an HTML page, because the client asked for a page. */
export function writeOverloaded(
  request: IncomingMessage,
  response: ServerResponse,
  { status, retryAfterSeconds }: Overload,
  services: HttpServices,
): void {
  const scope = createRequestScope(requestIdOf(String(request.headers['x-request-id'] ?? '')));
  const body = overloadedPage(scope.requestId);
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'content-security-policy': overloadedPagePolicy,
    'retry-after': String(retryAfterSeconds),
    'x-request-id': scope.requestId,
  });
  response.end(body);
  logRequest(
    { method: request.method ?? '', route: 'page', scope, status, durationMs: 0, aborted: false },
    services,
  );
}
