import pino from 'pino';
import { isAppError } from '../errors.ts';

/**
 * An error as the log has it: with its stack, but for an upstream that failed. That one is told in one line, by what each
 * error of the chain says: the way to it through this code is always the same, and there may be many a second. A defect
 * of this code that came up on the way keeps its stack.
 */
export function errorForLog(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const chain = [...causesOf(error)];
  const isOfUpstream = chain.some((each) => isAppError(each) && each.reason.startsWith('upstream_'));
  if (!isOfUpstream || chain.some(isDefect)) return pino.stdSerializers.err(error);
  const messages = new Set(chain.map(({ message }) => message));
  return { type: error.name, message: [...messages].join(': ') };
}

/** The language's own errors, but for SyntaxError: that one says of an answer that it is no JSON. */
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
