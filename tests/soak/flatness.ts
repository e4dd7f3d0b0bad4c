import { quantile } from '#tests/bench/support/statistics.ts';
import { handlesThatStay, type SoakReport, type Window } from './run.ts';

/** How many times the figure of the first third that of the last third may be. */
const growth = [
  { figure: 'residentMegabytes', most: 1.15 },
  { figure: 'handles', most: 1.2 },
  { figure: 'p99', most: 1.5 },
  { figure: 'logBytesARequest', most: 1.2 },
] as const;

/** What grew from the first third of the windows to the last, in words. The first window warms up and is left out. */
export function flatness({ windows, mails, handles }: SoakReport): string[] {
  const settled = windows.slice(1);
  const third = Math.max(1, Math.floor(settled.length / 3));
  const middle = (part: readonly Window[], figure: (typeof growth)[number]['figure']) =>
    quantile(
      part.map((window) => window[figure]),
      0.5,
    );
  const grown = growth.flatMap(({ figure, most }) => {
    const first = middle(settled.slice(0, third), figure);
    const last = middle(settled.slice(-third), figure);
    return last > first * most ? [`${figure} grew from ${first} to ${last}`] : [];
  });
  if (handles.after > handles.before + handlesThatStay) {
    grown.push(`${handles.after} handles are open of ${handles.before} before`);
  }
  if (mails.delivered !== mails.sent)
    grown.push(`${mails.sent} mails were accepted, ${mails.delivered} delivered`);
  return grown;
}
