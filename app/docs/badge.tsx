import type { ReactNode } from 'react';

/** A label for a property of a procedure. */
export function Badge({ children }: { children: ReactNode }) {
  return (
    <span className="inline-block rounded-full border border-line px-2.5 py-0.5 text-muted text-xs">
      {children}
    </span>
  );
}
