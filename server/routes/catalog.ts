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
  return handleDocument(request, { path: '/llms.txt', contentType: plain, render: llmsText });
}

/** `/llms-full.txt` */
export function handleLlmsFull(request: HttpRequest): Promise<HttpResponse> {
  return handleDocument(request, { path: '/llms-full.txt', contentType: plain, render: llmsFullText });
}

/** `/openapi.json` */
export function handleOpenApi(request: HttpRequest): Promise<HttpResponse> {
  return handleDocument(request, {
    path: '/openapi.json',
    contentType: 'application/json; charset=utf-8',
    render: (entries, siteUrl) => JSON.stringify(openApiDocument(entries, siteUrl)),
  });
}

/** `/docs/procedures/<path>.md` */
export function handleProcedurePage(request: HttpRequest): Promise<HttpResponse> {
  return handleGet(request, '/docs/procedures/[file]', async () => {
    const { pathname } = targetOf(request);
    // The proxy rewrites a page requested as Markdown to this route, and the URL is still the page's.
    const file = decodePathSegment((markdownPathOf(pathname) ?? pathname).split('/').at(-1) ?? '');
    const entry = file.endsWith('.md') ? procedures.get(file.slice(0, -'.md'.length)) : undefined;
    if (!entry) throw new HttpError('not_found', { message: 'There is no such procedure.' });
    const { SITE_URL, RATE_LIMITS } = services().env;
    const page = procedurePage(describeProcedure(entry, RATE_LIMITS), SITE_URL);
    return documentResponse(request, 'text/markdown; charset=utf-8', page);
  });
}

type CatalogDocument = {
  path: string;
  contentType: string;
  render: (entries: readonly CatalogEntry[], siteUrl: string) => string;
};

const renderedDocuments = new Map<string, string>();

/**
 * Serves a document rendered from the catalog. It is rendered on the first request and kept: it is large and
 * constant.
 */
export function handleDocument(
  request: HttpRequest,
  { path, contentType, render }: CatalogDocument,
): Promise<HttpResponse> {
  return handleGet(request, path, async () => {
    const { SITE_URL, RATE_LIMITS } = services().env;
    const text = renderedDocuments.get(path) ?? render(catalog(RATE_LIMITS), SITE_URL);
    renderedDocuments.set(path, text);
    return documentResponse(request, contentType, text);
  });
}

function documentResponse(request: HttpRequest, contentType: string, body: string): HttpResponse {
  return conditionalResponse(request, {
    body,
    contentType,
    lastModified: startedAt(),
    cacheControl: 'public, max-age=300',
    headers: { 'x-robots-tag': 'noindex' },
  });
}
