import { handleSecurityText } from '#server/raw/site.ts';

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handleSecurityText as DELETE,
  handleSecurityText as GET,
  handleSecurityText as HEAD,
  handleSecurityText as OPTIONS,
  handleSecurityText as PATCH,
  handleSecurityText as POST,
  handleSecurityText as PUT,
};
