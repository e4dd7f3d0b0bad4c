import { handleManifest } from '#server/raw/site.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleManifest as DELETE,
  handleManifest as GET,
  handleManifest as HEAD,
  handleManifest as OPTIONS,
  handleManifest as PATCH,
  handleManifest as POST,
  handleManifest as PUT,
};
