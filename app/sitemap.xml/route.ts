import { handleSitemap } from '#server/raw/site.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleSitemap as DELETE,
  handleSitemap as GET,
  handleSitemap as HEAD,
  handleSitemap as OPTIONS,
  handleSitemap as PATCH,
  handleSitemap as POST,
  handleSitemap as PUT,
};
