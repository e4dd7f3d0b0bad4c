import { readFileSync } from 'node:fs';
import { UsageError } from '../operator-command.ts';

/** The forms of a name that is given as `order-list`. */
export type Name = {
  /** `order-list`, for files and paths. */
  kebab: string;
  /** `orderList`, for variables. */
  camel: string;
  /** `OrderList`, for components and types. */
  pascal: string;
  /** `order_list`, for tables. */
  snake: string;
  /** `Order list`, for texts. */
  words: string;
};

/** @throws UsageError unless the name is words of lower-case letters and digits with hyphens between them */
export function nameOf(given: string): Name {
  if (!/^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(given) || given.length > 40)
    throw new UsageError(
      `"${given}" is not a name: use lower-case words with hyphens between them, such as order-list.`,
    );
  const camel = given.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const upper = (text: string) => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;
  return {
    kebab: given,
    camel,
    pascal: upper(camel),
    snake: given.replaceAll('-', '_'),
    words: upper(given.replaceAll('-', ' ')),
  };
}

const forms = { kebab: true, camel: true, pascal: true, snake: true, words: true } satisfies Record<
  keyof Name,
  true
>;
const isForm = (text: string): text is keyof Name => text in forms;

/** Returns a template of `templates` with the forms of a name in place of `{{kebab}}` and the like. */
export function fill(template: string, name: Name): string {
  const text = readFileSync(new URL(`templates/${template}.txt`, import.meta.url), 'utf8');
  return text.replace(/\{\{(\w+)\}\}/g, (whole, form: string) => (isForm(form) ? name[form] : whole));
}
