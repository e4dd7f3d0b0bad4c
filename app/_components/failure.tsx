import type { ReactNode } from 'react';
import type { ErrorData } from '#server/errors.ts';

export type FailureProps = {
  message: string;
  data?: Pick<ErrorData, 'reason' | 'requestId'> | undefined;
  children?: ReactNode;
};

/** A failed call: what happened, what to quote when asking for help, what can be done. */
export function Failure({ message, data, children }: FailureProps) {
  return (
    <div role="alert" className="notice space-y-2">
      <p className="font-medium">{message}</p>
      {data && (
        <p className="text-sm">
          Reason <code>{data.reason}</code>, request <code className="break-all">{data.requestId}</code>
        </p>
      )}
      {children}
    </div>
  );
}
