import { callingGuide } from '../catalog/docs/calling-guide.ts';
import { docsIndex } from '../catalog/docs/docs-index.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { handleDocument } from './catalog.ts';

const contentType = 'text/markdown; charset=utf-8';

/** `/docs/index.md`: lists all procedures. */
export function handleDocsIndex(request: HttpRequest): Promise<HttpResponse> {
  return handleDocument(request, { path: '/docs/index.md', contentType, render: docsIndex });
}

/** `/docs/calling.md`: documents how to call any procedure. */
export function handleCallingGuide(request: HttpRequest): Promise<HttpResponse> {
  return handleDocument(request, { path: '/docs/calling.md', contentType, render: callingGuide });
}
