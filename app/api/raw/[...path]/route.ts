import { handleRaw } from '#server/raw/upstream.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleRaw as DELETE,
  handleRaw as GET,
  handleRaw as HEAD,
  handleRaw as OPTIONS,
  handleRaw as PATCH,
  handleRaw as POST,
  handleRaw as PUT,
};
