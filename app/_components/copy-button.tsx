'use client';

import { useEffect, useState } from 'react';
import { useHydrated } from '../_lib/use-hydrated.ts';

/** How long the button tells what became of it, in milliseconds. */
const tellFor = 2_000;

const texts = { idle: 'Copy', copied: 'Copied', failed: 'Not copied' };

/**
 * Puts the code of the `data-sample` element around it into the clipboard and says so. The code is read from the page,
 * so that it is sent once. Where no script runs the button is not to be seen, and its place stays.
 */
export function CopyButton({ label }: { label: string }) {
  const [state, setState] = useState<keyof typeof texts>('idle');
  const hydrated = useHydrated();

  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), tellFor);
    return () => clearTimeout(timer);
  }, [state]);

  async function copy(button: HTMLElement): Promise<void> {
    const code = button.closest('[data-sample]')?.querySelector('pre')?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(code);
      setState('copied');
    } catch {
      // Refused by the reader, or no clipboard: browsers give none to pages of plain HTTP.
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
