import { handleHealth } from '#server/raw/health.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleHealth as DELETE,
  handleHealth as GET,
  handleHealth as HEAD,
  handleHealth as OPTIONS,
  handleHealth as PATCH,
  handleHealth as POST,
  handleHealth as PUT,
};
