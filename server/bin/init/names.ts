import { isBuiltin } from 'node:module';
import { nameOf } from '../new/names.ts';
import { UsageError } from '../operator-command.ts';

/** The name that init replaces. */
export const oldName = 'typed-bff';

/** @throws UsageError unless the name can be that of a package, an image, a database file and a Kubernetes object */
export function productNameOf(given: string): string {
  const { kebab } = nameOf(given);
  if (isBuiltin(kebab) || kebab === oldName || kebab === 'node-modules')
    throw new UsageError(`"${kebab}" cannot be the name of your product: it has another meaning.`);
  return kebab;
}

/**
 * Returns the title for a name: `order-desk` becomes `Order desk`.
 *
 * @throws UsageError if a title is given that would need escapes in HTML, XML or TypeScript
 */
export function productTitleOf(name: string, given: string | undefined): string {
  if (given === undefined) return nameOf(name).words;
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .,+-]{0,59}$/u.test(given))
    throw new UsageError(`"${given}" is not a title: use up to 60 letters, digits, spaces and . , + -`);
  return given;
}

/** Replaces the old name in any spelling, such as `TYPED_BFF`, by the new one in the same spelling. */
export function renamed(text: string, name: string): string {
  return text.replaceAll(/typed([-_. ]?)bff/gi, (found, separator: string) => {
    const words = name.replaceAll('-', separator);
    if (found === found.toUpperCase()) return words.toUpperCase();
    return found.startsWith('T') ? `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}` : words;
  });
}
