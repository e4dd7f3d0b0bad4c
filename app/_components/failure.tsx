import type { ReactNode } from 'react';
import { durationInWords } from '#app/_lib/duration-in-words.ts';
import { isUpstreamFailure } from '#app/_lib/is-upstream-failure.ts';
import type { ErrorData } from '#server/errors.ts';
import { RetryButton } from './retry-button.tsx';

type FailureData = Pick<ErrorData, 'reason' | 'fieldErrors' | 'retryAfterSeconds'> &
  Partial<Pick<ErrorData, 'requestId'>>;

export type FailureProps = {
  message: string;
  /** Replaces the message if an upstream failed: what the visitor cannot use now, such as `Your orders are …`. */
  unavailable?: string;
  /** `requestId` is undefined if the failed call belongs to an earlier request, which redirected here. */
  data?: FailureData | undefined;
  /** Retries the call. The button is disabled until `retryAfterSeconds` have passed. */
  onRetry?: () => void;
  children?: ReactNode;
};

/** A failed call: its message, the reason and request id to quote in a report, and a button to retry. */
export function Failure({ message, unavailable, data, onRetry, children }: FailureProps) {
  const wait = data?.retryAfterSeconds ?? 0;
  return (
    <div role="alert" className={`notice space-y-2 ${wait > 0 ? '' : 'notice-error'}`}>
      <p className="font-medium">{(data && isUpstreamFailure(data.reason) && unavailable) || message}</p>
      {data?.fieldErrors && (
        <ul className="list-disc ps-5">
          {Object.entries(data.fieldErrors).map(([field, messages]) => (
            <li key={field}>
              <code>{field}</code>: {messages.join(' ')}
            </li>
          ))}
        </ul>
      )}
      {data?.requestId && (
        <p className="text-sm">
          Reason <code>{data.reason}</code>, request <code className="break-all">{data.requestId}</code>
        </p>
      )}
      {children}
      {onRetry ? (
        <RetryButton key={data?.requestId} seconds={wait} onRetry={onRetry} />
      ) : (
        wait > 0 && <p>Please try again in {durationInWords(wait)}.</p>
      )}
    </div>
  );
}
