'use client';

import { useEffect, useState } from 'react';
import { useHydrated } from '../_lib/use-hydrated.ts';

/** Time for which the button shows the result, in milliseconds. */
const resultDuration = 2_000;

const texts = { idle: 'Copy', copied: 'Copied', failed: 'Not copied' };

/**
 * Copies the code of the surrounding `data-sample` element to the clipboard and shows the result. It reads the code
 * from the page, so that the code is sent only once. Without JavaScript the button is invisible but keeps its space.
 */
export function CopyButton({ label }: { label: string }) {
  const [state, setState] = useState<keyof typeof texts>('idle');
  const hydrated = useHydrated();

  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), resultDuration);
    return () => clearTimeout(timer);
  }, [state]);

  async function copy(button: HTMLElement): Promise<void> {
    const code = button.closest('[data-sample]')?.querySelector('pre')?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(code);
      setState('copied');
    } catch {
      // The visitor denied access, or there is no clipboard: browsers have none on plain HTTP pages.
      setState('failed');
    }
  }

  return (
    <>
      <button
        type="button"
        className={`button-small ${hydrated ? '' : 'invisible'}`}
        aria-label={`Copy ${label}`}
        onClick={(event) => void copy(event.currentTarget)}
      >
        {texts[state]}
      </button>
      <span role="status" className="sr-only">
        {state === 'idle' ? '' : `${label}: ${texts[state].toLowerCase()}`}
      </span>
    </>
  );
}
