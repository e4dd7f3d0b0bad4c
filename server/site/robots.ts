/** Returns robots.txt (RFC 9309). It allows everything except the API and the inbox. */
export function robotsText(siteUrl: string): string {
  return `User-agent: *
Allow: /
Disallow: /api/
Disallow: /inbox

Sitemap: ${siteUrl}/sitemap.xml
`;
}
