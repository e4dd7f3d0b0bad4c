import { catalog, describeProcedure } from '../catalog/catalog.ts';
import { llmsText } from '../catalog/llms.ts';
import { procedurePage } from '../catalog/procedure-page.ts';
import { procedures } from '../catalog/procedures.ts';
import { conditionalResponse } from '../door/conditional.ts';
import { decodePathSegment } from '../door/path.ts';
import { Refusal } from '../door/refusal.ts';
import { services } from '../services.ts';
import { singleton } from '../singleton.ts';
import { serveText } from './serve-text.ts';

/** These texts change with the code alone, so they are as old as the process. */
const startedAt = () => singleton('started-at', () => new Date());

export function handleLlms(request: Request): Promise<Response> {
  return serveText(request, '/llms.txt', async () =>
    catalogText(
      request,
      'text/plain; charset=utf-8',
      llmsText(catalog(services().env.RATE_LIMITS), services().env.SITE_URL),
    ),
  );
}

/** `/docs/procedures/<path>.md` */
export function handleProcedurePage(request: Request): Promise<Response> {
  return serveText(request, '/docs/procedures/[file]', async () => {
    const file = decodePathSegment(new URL(request.url).pathname.split('/').at(-1) ?? '');
    const entry = file.endsWith('.md') ? procedures.get(file.slice(0, -'.md'.length)) : undefined;
    if (!entry) throw new Refusal('not_found', { message: 'There is no such procedure.' });
    const { SITE_URL, RATE_LIMITS } = services().env;
    const page = procedurePage(describeProcedure(entry, RATE_LIMITS), SITE_URL);
    return catalogText(request, 'text/markdown; charset=utf-8', page);
  });
}

function catalogText(request: Request, contentType: string, body: string): Response {
  return conditionalResponse(request, {
    body,
    contentType,
    lastModified: startedAt(),
    cacheControl: 'public, max-age=300',
    headers: { 'x-robots-tag': 'noindex' },
  });
}
