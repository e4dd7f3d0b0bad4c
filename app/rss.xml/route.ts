import { withEnvelope } from '#server/door/envelope.ts';
import { handleRss } from '#server/raw/rss.ts';
import { services } from '#server/services.ts';

export function GET(request: Request): Promise<Response> {
  return withEnvelope(request, (request) =>
    handleRss(request, { feed: services().feed, siteUrl: services().env.SITE_URL }),
  );
}
