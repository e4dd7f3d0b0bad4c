'use client';

import { useLayoutEffect, useRef } from 'react';

const storageKey = 'docs-language';

/** A group of radio buttons, one for each language. The browser remembers the visitor's choice for all pages. */
export function LanguageChoice({ languages }: { languages: readonly { id: string; title: string }[] }) {
  const group = useRef<HTMLFieldSetElement>(null);

  useLayoutEffect(() => {
    const chosen = readChoice();
    for (const radio of group.current?.querySelectorAll('input') ?? []) {
      if (radio.value === chosen) radio.checked = true;
    }
  }, []);

  return (
    <fieldset ref={group} className="min-w-0">
      <legend className="sr-only">Language</legend>
      <div className="docs-languages">
        {languages.map(({ id, title }, index) => (
          <label key={id} className="docs-language">
            <input
              type="radio"
              name="language"
              value={id}
              defaultChecked={index === 0}
              className="sr-only"
              onChange={() => storeChoice(id)}
            />
            {title}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function readChoice(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    // The visitor blocks storage.
    return null;
  }
}

function storeChoice(id: string): void {
  try {
    localStorage.setItem(storageKey, id);
  } catch {
    // Then the choice ends with the page.
  }
}
