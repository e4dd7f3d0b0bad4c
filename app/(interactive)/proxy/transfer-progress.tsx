import { useId } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { formatBytes } from '#app/_lib/format-bytes.ts';
import type { Progress } from './transfer.ts';
import type { TransferState } from './use-transfer.ts';

/** The progress of a transfer with a cancel button, and then its result. */
export function TransferProgress({ state, onCancel }: { state: TransferState; onCancel: () => void }) {
  const id = useId();
  return (
    <div className="space-y-3">
      {state.kind === 'running' && (
        <div className="flex flex-wrap items-center gap-3">
          <progress
            aria-labelledby={id}
            className="h-2 min-w-40 grow accent-accent"
            {...(state.progress.total
              ? { value: state.progress.transferred, max: state.progress.total }
              : {})}
          />
          <span id={id} className="tabular-nums">
            {progressText(state.progress)}
          </span>
          <button type="button" className="button-quiet" onClick={onCancel}>
            Cancel
          </button>
        </div>
      )}
      <div aria-live="polite">
        {state.kind === 'done' && <p>{state.message}</p>}
        {state.kind === 'cancelled' && <p>The transfer was cancelled.</p>}
        {state.kind === 'failed' && <Failure {...state.failure} />}
      </div>
    </div>
  );
}

function progressText({ transferred, total }: Progress): string {
  return total === undefined
    ? formatBytes(transferred)
    : `${formatBytes(transferred)} of ${formatBytes(total)}`;
}
