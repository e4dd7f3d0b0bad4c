import type { ReactNode } from 'react';
import type { ErrorData } from '#server/errors.ts';
import { RetryButton } from './retry-button.tsx';

export type FailureProps = {
  message: string;
  data?: Pick<ErrorData, 'reason' | 'requestId' | 'fieldErrors' | 'retryAfterSeconds'> | undefined;
  /** Retries the call. The button is disabled until `retryAfterSeconds` have passed. */
  onRetry?: () => void;
  children?: ReactNode;
};

/** A failed call: its message, the reason and request id to quote in a report, and a button to retry. */
export function Failure({ message, data, onRetry, children }: FailureProps) {
  return (
    <div role="alert" className="notice space-y-2">
      <p className="font-medium">{message}</p>
      {data?.fieldErrors && (
        <ul className="list-disc pl-5">
          {Object.entries(data.fieldErrors).map(([field, messages]) => (
            <li key={field}>
              <code>{field}</code>: {messages.join(' ')}
            </li>
          ))}
        </ul>
      )}
      {data && (
        <p className="text-sm">
          Reason <code>{data.reason}</code>, request <code className="break-all">{data.requestId}</code>
        </p>
      )}
      {children}
      {onRetry && (
        <RetryButton key={data?.requestId} seconds={data?.retryAfterSeconds ?? 0} onRetry={onRetry} />
      )}
    </div>
  );
}
