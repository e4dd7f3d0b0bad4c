import { handleAtom } from '#server/raw/feeds.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleAtom as DELETE,
  handleAtom as GET,
  handleAtom as HEAD,
  handleAtom as OPTIONS,
  handleAtom as PATCH,
  handleAtom as POST,
  handleAtom as PUT,
};
