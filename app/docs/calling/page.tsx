import { connection } from 'next/server';
import { PageLink } from '#app/_components/page-link.tsx';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { catalog } from '#server/catalog/catalog.ts';
import { callingGuide } from '#server/catalog/docs/calling-guide.ts';
import { renderMarkdown } from '#server/lib/markdown.ts';
import { services } from '#server/services.ts';

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
  const html = renderMarkdown(callingGuide(catalog(rateLimits), siteUrl), {
    siteUrl,
    documentUrl: `${siteUrl}/docs/calling`,
    sameSiteLinks: 'from root',
  });
  return (
    <>
      <p className="mb-3">
        <PageLink href="/docs">Documentation</PageLink>
      </p>
      <article
        className="post-body guide"
        // biome-ignore lint/security/noDangerouslySetInnerHtml: rendered by server/lib/markdown.ts from our own text
        dangerouslySetInnerHTML={{ __html: html }}
      />
    </>
  );
}
