/**
 * unavailable: no job of this name can run now, for example because a service that it needs is down; permanent: this job
 * will never succeed; transient: this job may succeed later.
 */
export type JobFailure = 'unavailable' | 'permanent' | 'transient';

/** Thrown by the `run` of a job to decide what happens next. Any other error is transient. */
export class JobError extends Error {
  override readonly name = 'JobError';
  readonly kind: JobFailure;

  /** @param summary is stored and logged: no secrets and no texts of other systems */
  constructor(kind: JobFailure, summary: string, options?: ErrorOptions) {
    super(summary, options);
    this.kind = kind;
  }
}
