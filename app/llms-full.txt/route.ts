import { handleLlmsFull } from '#server/raw/catalog.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleLlmsFull as DELETE,
  handleLlmsFull as GET,
  handleLlmsFull as HEAD,
  handleLlmsFull as OPTIONS,
  handleLlmsFull as PATCH,
  handleLlmsFull as POST,
  handleLlmsFull as PUT,
};
