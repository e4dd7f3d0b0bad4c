import type { ReactNode } from 'react';

/** A label for a property of a procedure. */
export function Badge({ children }: { children: ReactNode }) {
  return <span className="badge">{children}</span>;
}
