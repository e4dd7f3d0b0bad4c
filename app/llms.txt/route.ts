import { handleLlms } from '#server/raw/catalog.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleLlms as DELETE,
  handleLlms as GET,
  handleLlms as HEAD,
  handleLlms as OPTIONS,
  handleLlms as PATCH,
  handleLlms as POST,
  handleLlms as PUT,
};
