import type { ReactNode } from 'react';
import type { ErrorData } from '#server/errors.ts';
import { RetryButton } from './retry-button.tsx';

export type FailureProps = {
  message: string;
  data?: Pick<ErrorData, 'reason' | 'requestId' | 'fieldErrors' | 'retryAfterSeconds'> | undefined;
  /** Tries again. Where the server said how long to wait, only then. */
  onRetry?: () => void;
  children?: ReactNode;
};

/** A failed call: what happened, what to quote when asking for help, what can be done. */
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
