import type { ErrorReason } from '../errors.ts';

/** What is known of a procedure besides its types. The door, the limits and all documentation go by it. */
export type ProcedureMeta = {
  /** One line, without a full stop. */
  summary: string;
  /** One paragraph: what it does, where the data comes from, what to expect. */
  description: string;
  /** Carries personal data: answers POST alone, so that nothing of it stands in a URL, a log or a cache. */
  sensitive: boolean;
  /** The budget its calls are charged to. */
  rateLimit: RateLimitClass;
  /** Also takes a multipart form. */
  form?: boolean;
  /** What a service key must be allowed to, where procedures are for services alone. */
  scope?: string;
  /** What it can be refused for by its own doing: beside what every call can be, and what its class and scope bring. */
  errors?: readonly ErrorReason[];
};

export type RateLimitClass = 'light' | 'upstream' | 'mail';
