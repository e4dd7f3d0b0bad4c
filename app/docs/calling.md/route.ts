import { handleCallingGuide } from '#server/raw/docs.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleCallingGuide as DELETE,
  handleCallingGuide as GET,
  handleCallingGuide as HEAD,
  handleCallingGuide as OPTIONS,
  handleCallingGuide as PATCH,
  handleCallingGuide as POST,
  handleCallingGuide as PUT,
};
