import { handleOpenApi } from '#server/raw/catalog.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleOpenApi as DELETE,
  handleOpenApi as GET,
  handleOpenApi as HEAD,
  handleOpenApi as OPTIONS,
  handleOpenApi as PATCH,
  handleOpenApi as POST,
  handleOpenApi as PUT,
};
