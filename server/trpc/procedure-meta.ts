import type { RateLimitClass } from '../config/rate-limits.ts';
import type { ErrorReason } from '../errors.ts';
import type { Bucket } from '../files/define-bucket.ts';
import type { UserRequirement } from '../principal.ts';

/** The declared facts about a procedure. HTTP checks, rate limits and documentation are derived from them. */
export type ProcedureMeta = {
  /** One line, without a full stop. */
  summary: string;
  /** One paragraph: behaviour, source of the data, what to expect. */
  description: string;
  /** The input or output can be personal or confidential. Calls are then POST only, so that no URL or cache has it. */
  sensitive: boolean;
  /** Rate-limit class that its calls are charged to. */
  rateLimit: RateLimitClass;
  /** Also accepts a multipart form. */
  form?: boolean;
  /** Takes a file instead of JSON: its input is `uploadInput`. */
  upload?: Pick<Bucket, 'mediaTypes' | 'maxBytes'>;
  /** Input fields that only the form of a page of this site sends. They are not offered to agents. */
  formFields?: readonly string[];
  /** Its output has the input as `res`. The documentation shows it in its samples. */
  returnsInput?: boolean;
  /** Scope that the service key must have. Undefined for a public procedure. */
  scope?: string;
  /** What the signed-in user must have. Undefined for a procedure that needs no user. */
  user?: UserRequirement;
  /** It shows the status of this instance: `STATUS_ROLES` says who may call it. */
  showsStatus?: true;
  /**
   * It is about the session of a browser, and its calls do not count as use of that session: a page that repeats them
   * does not keep the session alive. A subscription never does.
   */
  passive?: boolean;
  /** Error reasons in addition to those of every call and those implied by the class and the scope. */
  errors?: readonly ErrorReason[];
};
