import { handleReadiness } from '#server/raw/health.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleReadiness as DELETE,
  handleReadiness as GET,
  handleReadiness as HEAD,
  handleReadiness as OPTIONS,
  handleReadiness as PATCH,
  handleReadiness as POST,
  handleReadiness as PUT,
};
