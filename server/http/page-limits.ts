import { limits } from '../config/limits.ts';
import { HttpError } from './http-error.ts';

/**
 * Rejects a request for a page with too many cookies or query parameters. Next copies each of them to a page, in a time
 * that grows with the square of their number: 1,400 cookies, which fit into the headers, take seconds.
 *
 * @param request.search the query, with its question mark
 * @throws HttpError `uri_too_long` or `invalid_input`
 */
export function checkPageLimits({ cookie, search }: { cookie: string | null; search: string }): void {
  const { queryBytes, queryParameters, cookies } = limits;
  // The limit excludes the question mark.
  if (search.length - 1 > queryBytes) {
    throw new HttpError('uri_too_long', { message: `The query is longer than ${queryBytes} bytes.` });
  }
  if (search.split('&').length > queryParameters) {
    throw new HttpError('invalid_input', { message: `Send at most ${queryParameters} query parameters.` });
  }
  if (cookie && cookie.split(';').length > cookies) {
    throw new HttpError('invalid_input', { message: `Send at most ${cookies} cookies.` });
  }
}
