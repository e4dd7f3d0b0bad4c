import { useRef, useState } from 'react';
import type { FailureProps } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import type { Progress } from './transfer.ts';

export type TransferState =
  | { kind: 'idle' }
  | { kind: 'running'; progress: Progress }
  | { kind: 'done'; message: string }
  | { kind: 'cancelled' }
  | { kind: 'failed'; failure: Pick<FailureProps, 'message' | 'data'> };

type Run = (watch: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<string>;

/** Runs one transfer at a time. Returns its state and functions to start and cancel it. */
export function useTransfer() {
  const [state, setState] = useState<TransferState>({ kind: 'idle' });
  const running = useRef<AbortController>(null);

  /** @param run runs the transfer and resolves to the message to show */
  async function start(run: Run): Promise<void> {
    const controller = new AbortController();
    running.current = controller;
    const { signal } = controller;
    setState({ kind: 'running', progress: { transferred: 0, total: undefined } });
    try {
      const message = await run({
        signal,
        onProgress: (progress) => setState({ kind: 'running', progress }),
      });
      setState({ kind: 'done', message });
    } catch (error) {
      if (signal.aborted) setState({ kind: 'cancelled' });
      else setState({ kind: 'failed', failure: toFailure(error instanceof Error ? error : new Error()) });
    }
  }

  return { state, start, cancel: () => running.current?.abort() };
}
