import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http/http-error.ts';

type Head = Pick<IncomingMessage, 'url' | 'headers' | 'rawHeaders'>;

/** `uri-host [":" port]` of RFC 3986. An empty host is valid, too. */
const authority = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

const absoluteForm = /^https?:\/\/(?<host>[^/?#]*)(?<target>(?:[/?][^#]*)?)$/i;

/**
 * Checks the Host header, and replaces a request target in absolute form by the path and the Host by its authority
 * (RFC 9112, sections 3.2 and 3.2.2).
 *
 * @throws HttpError `invalid_input` if there are several Host headers, or if the host or the target is invalid
 */
export function normalizeTarget(request: Head): void {
  const { url = '', headers } = request;
  if (countHosts(request) > 1) throw new HttpError('invalid_input', { message: 'Send one Host header.' });
  if (!url.startsWith('/')) {
    const { host, target = '' } = absoluteForm.exec(url)?.groups ?? {};
    if (!host) throw new HttpError('invalid_input', { message: 'The request target must be a path.' });
    headers.host = host;
    request.url = target.startsWith('/') ? target : `/${target}`;
  }
  if (headers.host !== undefined && !authority.test(headers.host)) {
    throw new HttpError('invalid_input', { message: 'The host is malformed.' });
  }
}

/** Counts the Host headers. Node keeps only the first one. */
function countHosts({ rawHeaders }: Head): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}
