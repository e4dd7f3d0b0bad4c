import { HttpError } from './http-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws HttpError `invalid_input` if the body is not JSON in UTF-8 */
export function parseJsonBody(body: Uint8Array | undefined): unknown {
  return parse(() => utf8.decode(body), 'The body is not valid JSON in UTF-8.');
}

/** @throws HttpError `invalid_input` if a parameter of the query is not JSON */
export function parseJsonParameter(name: string, value: string): unknown {
  return parse(() => value, `The parameter ${name} is not valid JSON.`);
}

function parse(read: () => string, message: string): unknown {
  try {
    return JSON.parse(read());
  } catch (cause) {
    throw new HttpError('invalid_input', { message, cause });
  }
}
