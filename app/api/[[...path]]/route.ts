import { handleUnknownApi } from '#server/raw/health.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleUnknownApi as DELETE,
  handleUnknownApi as GET,
  handleUnknownApi as HEAD,
  handleUnknownApi as OPTIONS,
  handleUnknownApi as PATCH,
  handleUnknownApi as POST,
  handleUnknownApi as PUT,
};
