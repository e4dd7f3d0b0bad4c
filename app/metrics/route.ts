import { handleMetrics } from '#server/raw/health.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleMetrics as DELETE,
  handleMetrics as GET,
  handleMetrics as HEAD,
  handleMetrics as OPTIONS,
  handleMetrics as PATCH,
  handleMetrics as POST,
  handleMetrics as PUT,
};
