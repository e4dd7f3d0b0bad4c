import { handleRevalidate } from '#server/raw/revalidate.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleRevalidate as DELETE,
  handleRevalidate as GET,
  handleRevalidate as HEAD,
  handleRevalidate as OPTIONS,
  handleRevalidate as PATCH,
  handleRevalidate as POST,
  handleRevalidate as PUT,
};
