'use client';

import { usePathname } from 'next/navigation';
import { type ReactNode, useId } from 'react';

/** A button with a menu. As a popover it works without JavaScript, and closes on Escape and on a click elsewhere. */
export function Menu({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  const path = usePathname();
  return (
    <>
      <button type="button" className="menu-button" popoverTarget={id}>
        {label}
      </button>
      {/* With another key it is closed: the layout stays while the page changes. */}
      <div key={path} id={id} popover="auto" className="menu">
        {children}
      </div>
    </>
  );
}
