import { headers } from 'next/headers';

/**
 * Loads a page for users again that another site has linked to: the session cookie does not come with such a link. Once
 * loaded again, the page gets it.
 */
export async function ReloadFromOtherSite({ path }: { path: string }) {
  const site = (await headers()).get('sec-fetch-site');
  if (site !== 'cross-site' && site !== 'same-site') return null;
  return <meta httpEquiv="refresh" content={`0; url=${path}`} />;
}
