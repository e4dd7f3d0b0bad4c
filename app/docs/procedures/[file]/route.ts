import { handleProcedurePage } from '#server/raw/catalog.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleProcedurePage as DELETE,
  handleProcedurePage as GET,
  handleProcedurePage as HEAD,
  handleProcedurePage as OPTIONS,
  handleProcedurePage as PATCH,
  handleProcedurePage as POST,
  handleProcedurePage as PUT,
};
