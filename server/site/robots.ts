/** RFC 9309: everything may be read but the API, which answers calls, and the inbox. */
export function robotsText(siteUrl: string): string {
  return `User-agent: *
Allow: /
Disallow: /api/
Disallow: /inbox

Sitemap: ${siteUrl}/sitemap.xml
`;
}
