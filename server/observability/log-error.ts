import pino from 'pino';
import { isAppError } from '../errors.ts';

/**
 * Formats an error for the log, with its stack. Failures of an upstream are one line with the messages of the cause
 * chain, because their stack is always the same and there may be many per second. The stack is kept if the chain
 * contains a bug in this code.
 */
export function errorForLog(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const chain = [...causesOf(error)];
  const isUpstreamFailure = chain.some((each) => isAppError(each) && each.reason.startsWith('upstream_'));
  if (!isUpstreamFailure || chain.some(isDefect)) return pino.stdSerializers.err(error);
  const messages = new Set(chain.map(({ message }) => message));
  return { type: error.name, message: [...messages].join(': ') };
}

/** Returns whether an error is a bug in this code. SyntaxError is not: JSON.parse throws it for an invalid response. */
function isDefect(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

function* causesOf(error: unknown): Generator<Error> {
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    seen.add(each);
    yield each;
  }
}
