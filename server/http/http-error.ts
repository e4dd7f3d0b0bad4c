import { AppError, type AppErrorOptions, type ErrorReason } from '../errors.ts';

/** An error detected by the HTTP layer or a route, with the headers that its response must carry (`Allow`, …). */
export class HttpError extends AppError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(reason: ErrorReason, options: AppErrorOptions & { headers?: Record<string, string> } = {}) {
    super(reason, options);
    this.headers = options.headers ?? {};
  }
}
