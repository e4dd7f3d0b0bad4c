import { AppError } from '../errors.ts';

/** A request of a sender. */
export type Delivery = {
  /** Takes names in lower case. */
  headers: { get(name: string): string | null };
  /** The bytes that the sender signed. */
  body: Uint8Array;
  /** The newest first. There are two during a rotation. */
  secrets: readonly string[];
  /** Time of day in milliseconds since the epoch. */
  now: number;
  /**
   * Returns the parsed body. Call it after the signature was verified.
   *
   * @throws AppError `invalid_input` if the body is not JSON in UTF-8
   */
  json(): unknown;
};

type VerifiedDelivery = {
  /** The same in all attempts of the sender. Without it, deliveries with the same body are one. */
  id?: string | undefined;
  /** Type of the event, such as `invoice.paid`. */
  type?: string | undefined;
  /** Is the response, as JSON, and nothing is stored: for requests that only test the connection. */
  response?: Readonly<Record<string, unknown>>;
};

/**
 * Verifies the signature of a delivery, in constant time and over the raw bytes. `requireHmac` and `requireRecent` of
 * signature.ts help with that.
 *
 * @throws AppError `unauthorized`, made by `rejected`
 */
export type VerifyDelivery = (delivery: Delivery) => VerifiedDelivery | Promise<VerifiedDelivery>;

export type Scheme = {
  verify: VerifyDelivery;
  /** Returns what is wrong with a secret, in words that follow "must" and do not contain it. */
  problemOf?(secret: string): string | undefined;
};

/** Returns the error for a delivery that is not signed as its scheme demands. */
export function rejected(message = 'The signature is not valid.'): AppError {
  return new AppError('unauthorized', { message });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @param body must not change */
export function toDelivery(request: Omit<Delivery, 'json'>): Delivery {
  let parsed: { value: unknown } | undefined;
  return {
    ...request,
    json() {
      parsed ??= { value: parse(request.body) };
      return parsed.value;
    },
  };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    throw new AppError('invalid_input', { message: 'The body is not valid JSON in UTF-8.' });
  }
}
