import { callingGuide } from '../catalog/calling-guide.ts';
import { docsIndex } from '../catalog/docs-index.ts';
import type { Answer } from '../door/answer.ts';
import type { DoorRequest } from '../door/door-request.ts';
import { serveDocument } from './catalog.ts';

const contentType = 'text/markdown; charset=utf-8';

/** `/docs/index.md`: the list of all procedures. */
export function handleDocsIndex(request: DoorRequest): Promise<Answer> {
  return serveDocument(request, { path: '/docs/index.md', contentType, write: docsIndex });
}

/** `/docs/calling.md`: what is the same for every call. */
export function handleCallingGuide(request: DoorRequest): Promise<Answer> {
  return serveDocument(request, { path: '/docs/calling.md', contentType, write: callingGuide });
}
