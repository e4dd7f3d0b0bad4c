import { AppError, type AppErrorOptions, type ErrorReason } from '../errors.ts';

/** A request that is turned away before its work began, with headers that belong to that answer (`Allow`, …). */
export class HttpError extends AppError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(reason: ErrorReason, options: AppErrorOptions & { headers?: Record<string, string> } = {}) {
    super(reason, options);
    this.headers = options.headers ?? {};
  }
}
