import { handleDocsIndex } from '#server/raw/docs.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleDocsIndex as DELETE,
  handleDocsIndex as GET,
  handleDocsIndex as HEAD,
  handleDocsIndex as OPTIONS,
  handleDocsIndex as PATCH,
  handleDocsIndex as POST,
  handleDocsIndex as PUT,
};
