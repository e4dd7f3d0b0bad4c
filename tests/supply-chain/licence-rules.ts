/** Licences allowed for production packages: permissive, at most with attribution. LGPL is explained below. */
const production = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  // caniuse-lite, the browser support data.
  'CC-BY-4.0',
  'ISC',
  // libvips, which comes with Next as a replaceable shared library. The container image does not contain it.
  'LGPL-3.0-or-later',
  'MIT',
  'MIT-0',
  // lightningcss, which compiles the styles of the build. The container image does not contain its binaries.
  'MPL-2.0',
  'OFL-1.1',
  // The same as OFL-1.1, spelled as in the package.
  'SIL OPEN FONT LICENSE',
  // fast-sha256, which comes with standardwebhooks. It dedicates the code to the public domain.
  'Unlicense',
]);

/** Licences also allowed for development packages. */
const development = new Set(['PSF-2.0', 'Python-2.0']);

/** Development packages under MIT that state it in their readme or in an older form of package.json. */
const statedElsewhere = new Set(['busboy', 'humanize-number', 'streamsearch']);

/** Returns whether the licence of a package is allowed. OR needs one allowed licence, AND needs all of them. */
export function isAllowed(
  licence: string | undefined,
  { dev, name = '' }: { dev: boolean; name?: string },
): boolean {
  if (licence === undefined) return dev && statedElsewhere.has(name);
  const allowed = (id: string) => production.has(id) || (dev && development.has(id));
  if (allowed(licence)) return true;
  return licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every(allowed));
}
