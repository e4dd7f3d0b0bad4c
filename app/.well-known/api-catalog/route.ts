import { handleApiCatalog } from '#server/raw/site.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleApiCatalog as DELETE,
  handleApiCatalog as GET,
  handleApiCatalog as HEAD,
  handleApiCatalog as OPTIONS,
  handleApiCatalog as PATCH,
  handleApiCatalog as POST,
  handleApiCatalog as PUT,
};
