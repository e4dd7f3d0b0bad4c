import { callingGuide } from '../catalog/docs/calling-guide.ts';
import { docsIndex } from '../catalog/docs/docs-index.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { serveDocument } from './catalog.ts';

const contentType = 'text/markdown; charset=utf-8';

/** `/docs/index.md`: the list of all procedures. */
export function handleDocsIndex(request: HttpRequest): Promise<HttpResponse> {
  return serveDocument(request, { path: '/docs/index.md', contentType, write: docsIndex });
}

/** `/docs/calling.md`: what is the same for every call. */
export function handleCallingGuide(request: HttpRequest): Promise<HttpResponse> {
  return serveDocument(request, { path: '/docs/calling.md', contentType, write: callingGuide });
}
