import { handleTrpc } from '#server/door/trpc-handler.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleTrpc as DELETE,
  handleTrpc as GET,
  handleTrpc as HEAD,
  handleTrpc as OPTIONS,
  handleTrpc as PATCH,
  handleTrpc as POST,
  handleTrpc as PUT,
};
