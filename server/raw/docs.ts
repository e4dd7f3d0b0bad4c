import { callingGuide } from '../catalog/calling-guide.ts';
import { catalog } from '../catalog/catalog.ts';
import { docsIndex } from '../catalog/docs-index.ts';
import { services } from '../services.ts';
import { catalogText } from './catalog.ts';
import { serveText } from './serve-text.ts';

const markdown = 'text/markdown; charset=utf-8';

/** `/docs/index.md`: the list of all procedures. */
export function handleDocsIndex(request: Request): Promise<Response> {
  return serveText(request, '/docs/index.md', async () => {
    const { SITE_URL, RATE_LIMITS } = services().env;
    return catalogText(request, markdown, docsIndex(catalog(RATE_LIMITS), SITE_URL));
  });
}

/** `/docs/calling.md`: what is the same for every call. */
export function handleCallingGuide(request: Request): Promise<Response> {
  return serveText(request, '/docs/calling.md', async () => {
    const { SITE_URL, RATE_LIMITS } = services().env;
    return catalogText(request, markdown, callingGuide({ siteUrl: SITE_URL, rateLimits: RATE_LIMITS }));
  });
}
