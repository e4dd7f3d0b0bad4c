/** Products of a User-Agent, the more specific ones first: Edge and Opera also name Chrome, and Chrome names Safari. */
const browsers: readonly [pattern: RegExp, name: string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:(?:Headless)?Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const systems: readonly [pattern: RegExp, name: string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac(?:intosh| OS X)\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

const unknownDevice = 'Unknown device';

/** Describes the device of a User-Agent header for its user, such as `Firefox on Linux`. Never contains text of it. */
export function deviceOf(userAgent: string | null): string {
  if (userAgent === null) return unknownDevice;
  const text = userAgent.slice(0, 512);
  const [browser, system] = [nameIn(text, browsers), nameIn(text, systems)];
  if (browser === undefined) return system ?? unknownDevice;
  return system === undefined ? browser : `${browser} on ${system}`;
}

function nameIn(text: string, known: typeof browsers): string | undefined {
  return known.find(([pattern]) => pattern.test(text))?.[1];
}
