/** Licences of packages that the product is delivered with: they ask to be named, and leave the rest free. */
const delivered = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  // Of a list of browsers.
  'CC-BY-4.0',
  'ISC',
  // Of libvips, which comes with Next as a library that may be exchanged; the image is made without it.
  'LGPL-3.0-or-later',
  'MIT',
  'MIT-0',
  'OFL-1.1',
  // The same as OFL-1.1, as the package spells it.
  'SIL OPEN FONT LICENSE',
]);

/** Of what only builds and tests the product. */
const development = new Set(['MPL-2.0', 'Python-2.0']);

/** Whether a package may be used. Of licences joined by OR one must do, of those joined by AND each. */
export function mayBeUsed(licence: string | undefined, { dev }: { dev: boolean }): boolean {
  if (licence === undefined) return false;
  const does = (id: string) => delivered.has(id) || (dev && development.has(id));
  if (does(licence)) return true;
  return licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every(does));
}
