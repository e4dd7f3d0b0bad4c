import type { FailureProps } from '#app/_components/failure.tsx';
import { describeValue } from '#app/_lib/describe-value.ts';
import { toFailure } from '#app/_lib/to-failure.ts';
import { type ObservedCall, observeCall } from '#client/observed-call.ts';
import { readInput } from './read-input.ts';
import type { InputFormat } from './try-input.ts';

/** A call and its response, ready to be shown. */
export type SentCall = Omit<ObservedCall, 'outcome'> & {
  failure: Pick<FailureProps, 'message' | 'data'> | null;
  /** Null if the server did not respond. */
  body: string | null;
};

/** Calls a procedure with the text of the input field. Loaded with the first call, because few visitors make one. */
export async function sendCall(call: {
  path: string;
  type: 'query' | 'mutation';
  /** Null for a procedure without input. */
  input: { text: string; format: InputFormat } | null;
  serviceKey: string;
}): Promise<{ sent: SentCall } | { problem: string }> {
  const { path, type, serviceKey, input } = call;
  const read = input ? readInput(input.text, input.format) : { value: undefined };
  if ('problem' in read) return read;
  const { outcome, ...response } = await observeCall({ path, type, input: read.value, serviceKey });
  return { sent: { ...response, ...shown(outcome) } };
}

function shown(outcome: ObservedCall['outcome']): Pick<SentCall, 'failure' | 'body'> {
  if ('data' in outcome) return { failure: null, body: describeValue(outcome.data) };
  const { error } = outcome;
  return {
    failure: toFailure(error),
    body: error.shape ? JSON.stringify({ error: { json: error.shape } }, null, 2) : null,
  };
}
