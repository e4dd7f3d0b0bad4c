import { connection } from 'next/server';
import { highlightedHtml } from '#app/_lib/highlight.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { catalog } from '#server/catalog/catalog.ts';
import { callingSections } from '#server/catalog/docs/calling.ts';
import { callingGuide, feedsAndFiles } from '#server/catalog/docs/calling-guide.ts';
import { renderMarkdown } from '#server/lib/markdown.ts';
import { services } from '#server/services.ts';
import { Neighbours } from '../neighbours.tsx';
import { PageSections } from '../page-sections.tsx';
import { guideSections } from '../topics.ts';

export const generateMetadata = () =>
  pageMetadata({
    path: '/docs/calling',
    title: 'How to call',
    description: 'The wire format, batches, errors, limits and privacy of every call.',
    markdownPath: '/docs/calling.md',
  });

/** Shows the configured limits. */
export const instant = false;

export default async function CallingPage() {
  await connection();
  const { SITE_URL: siteUrl, RATE_LIMITS: rateLimits } = services().env;
  const entries = catalog(rateLimits);
  const html = renderMarkdown(callingGuide(entries, siteUrl), {
    siteUrl,
    documentUrl: `${siteUrl}/docs/calling`,
    sameSiteLinks: 'from root',
    highlight: highlightedHtml,
  });
  return (
    <div className="docs-guide">
      <article
        className="post-body guide"
        // biome-ignore lint/security/noDangerouslySetInnerHtml: rendered by server/lib/markdown.ts from our own text
        dangerouslySetInnerHTML={{ __html: html }}
      />
      <PageSections
        sections={guideSections([...callingSections(entries, siteUrl), { title: feedsAndFiles }])}
      />
      <Neighbours path="/docs/calling" />
    </div>
  );
}
