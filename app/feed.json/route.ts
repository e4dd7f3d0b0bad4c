import { handleJsonFeed } from '#server/raw/feeds.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleJsonFeed as DELETE,
  handleJsonFeed as GET,
  handleJsonFeed as HEAD,
  handleJsonFeed as OPTIONS,
  handleJsonFeed as PATCH,
  handleJsonFeed as POST,
  handleJsonFeed as PUT,
};
