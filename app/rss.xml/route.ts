import { handleRss } from '#server/raw/feeds.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleRss as DELETE,
  handleRss as GET,
  handleRss as HEAD,
  handleRss as OPTIONS,
  handleRss as PATCH,
  handleRss as POST,
  handleRss as PUT,
};
