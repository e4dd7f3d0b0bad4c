'use client';

import { type ComponentProps, useId } from 'react';

type Props = { scope: string } & Pick<ComponentProps<'input'>, 'name' | 'value' | 'onChange'>;

/** A field for the service key of a call that requires one. */
export function ServiceKeyField({ scope, ...input }: Props) {
  const id = useId();
  return (
    <label className="block max-w-prose space-y-1">
      <span className="block font-medium">Service key</span>
      <input type="password" className="field" autoComplete="off" aria-describedby={id} {...input} />
      <span id={id} className="block text-muted text-sm">
        The key needs the scope <code>{scope}</code>. It is not stored and is gone when you leave this page.
      </span>
    </label>
  );
}
