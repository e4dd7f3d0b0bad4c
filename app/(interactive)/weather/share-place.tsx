'use client';

import { type MouseEvent, useState } from 'react';
import { sharePath } from './place-label.ts';

/**
 * A link to the shown place. A click copies its address; without JavaScript or a clipboard it opens the address, which
 * the visitor can copy then.
 */
export function SharePlace({ place, language }: { place: { name: string }; language: string }) {
  const [copied, setCopied] = useState<string>();
  const path = sharePath(place, language);
  if (path === undefined) return null;
  const isCopied = copied === path;

  function copy(event: MouseEvent<HTMLAnchorElement>, shared: string): void {
    const { href } = event.currentTarget;
    // Browsers have no clipboard on plain HTTP pages. A click with a key opens a tab or a window.
    if (!('clipboard' in navigator) || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigator.clipboard.writeText(href).then(
      () => setCopied(shared),
      () => window.location.assign(href),
    );
  }

  return (
    <>
      <a className="button-quiet" href={path} onClick={(event) => copy(event, path)}>
        {isCopied ? 'Link copied' : 'Share this place'}
      </a>
      <span role="status" className="sr-only">
        {isCopied ? `The link to ${place.name} is copied.` : ''}
      </span>
    </>
  );
}
