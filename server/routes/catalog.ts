import { type CatalogEntry, catalog, describeProcedure } from '../catalog/catalog.ts';
import { markdownPathOf } from '../catalog/docs/docs-pages.ts';
import { llmsFullText, llmsText } from '../catalog/docs/llms.ts';
import { procedurePage } from '../catalog/docs/procedure-page.ts';
import { openApiDocument } from '../catalog/openapi/document.ts';
import { conditionalResponse } from '../http/conditional-request.ts';
import { decodePathSegment } from '../http/decode-path.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { startedAt } from '../process/started-at.ts';
import { services } from '../services.ts';
import { procedures } from '../trpc/procedure-registry.ts';
import { handleGet } from './get-only.ts';

const plain = 'text/plain; charset=utf-8';

/** `/llms.txt` */
export function handleLlms(request: HttpRequest): Promise<HttpResponse> {
  return serveDocument(request, { path: '/llms.txt', contentType: plain, write: llmsText });
}

/** `/llms-full.txt` */
export function handleLlmsFull(request: HttpRequest): Promise<HttpResponse> {
  return serveDocument(request, { path: '/llms-full.txt', contentType: plain, write: llmsFullText });
}

/** `/openapi.json` */
export function handleOpenApi(request: HttpRequest): Promise<HttpResponse> {
  return serveDocument(request, {
    path: '/openapi.json',
    contentType: 'application/json; charset=utf-8',
    write: (entries, siteUrl) => JSON.stringify(openApiDocument(entries, siteUrl)),
  });
}

/** `/docs/procedures/<path>.md` */
export function handleProcedurePage(request: HttpRequest): Promise<HttpResponse> {
  return handleGet(request, '/docs/procedures/[file]', async () => {
    const { pathname } = targetOf(request);
    // A page that is asked for as Markdown is answered here, and the URL stays the page's.
    const file = decodePathSegment((markdownPathOf(pathname) ?? pathname).split('/').at(-1) ?? '');
    const entry = file.endsWith('.md') ? procedures.get(file.slice(0, -'.md'.length)) : undefined;
    if (!entry) throw new HttpError('not_found', { message: 'There is no such procedure.' });
    const { SITE_URL, RATE_LIMITS } = services().env;
    const page = procedurePage(describeProcedure(entry, RATE_LIMITS), SITE_URL);
    return catalogText(request, 'text/markdown; charset=utf-8', page);
  });
}

type CatalogDocument = {
  path: string;
  contentType: string;
  write: (entries: readonly CatalogEntry[], siteUrl: string) => string;
};

const writtenDocuments = new Map<string, string>();

/** Written when it is first asked for: large, and the same for the life of the process. */
export function serveDocument(
  request: HttpRequest,
  { path, contentType, write }: CatalogDocument,
): Promise<HttpResponse> {
  return handleGet(request, path, async () => {
    const { SITE_URL, RATE_LIMITS } = services().env;
    const text = writtenDocuments.get(path) ?? write(catalog(RATE_LIMITS), SITE_URL);
    writtenDocuments.set(path, text);
    return catalogText(request, contentType, text);
  });
}

function catalogText(request: HttpRequest, contentType: string, body: string): HttpResponse {
  return conditionalResponse(request, {
    body,
    contentType,
    lastModified: startedAt(),
    cacheControl: 'public, max-age=300',
    headers: { 'x-robots-tag': 'noindex' },
  });
}
