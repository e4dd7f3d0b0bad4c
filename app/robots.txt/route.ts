import { handleRobots } from '#server/raw/site.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleRobots as DELETE,
  handleRobots as GET,
  handleRobots as HEAD,
  handleRobots as OPTIONS,
  handleRobots as PATCH,
  handleRobots as POST,
  handleRobots as PUT,
};
