import { quantile } from '#tests/bench/support/statistics.ts';
import { lastingHandles, type SoakReport, type Window } from './run.ts';

/** Maximum ratio of a figure in the last third of the windows to the same figure in the first third. */
const maxGrowth = [
  { figure: 'residentMegabytes', ratio: 1.15 },
  { figure: 'handles', ratio: 1.2 },
  { figure: 'p99', ratio: 1.5 },
  { figure: 'processor', ratio: 1.2 },
  { figure: 'logBytesPerRequest', ratio: 1.2 },
] as const;

/**
 * Returns a message for each figure that grew too much from the first third of the windows to the last, for leaked
 * handles and for undelivered mails. Ignores the first window, which is a warm-up.
 */
export function findGrowth({ windows, mails, handles }: SoakReport): string[] {
  const warmedUp = windows.slice(1);
  const third = Math.max(1, Math.floor(warmedUp.length / 3));
  const median = (part: readonly Window[], figure: (typeof maxGrowth)[number]['figure']) =>
    quantile(
      part.map((window) => window[figure]),
      0.5,
    );
  const grown = maxGrowth.flatMap(({ figure, ratio }) => {
    const first = median(warmedUp.slice(0, third), figure);
    const last = median(warmedUp.slice(-third), figure);
    return last > first * ratio ? [`${figure} grew from ${first} to ${last}`] : [];
  });
  if (handles.after > handles.before + lastingHandles) {
    grown.push(`${handles.after} handles are open, up from ${handles.before}`);
  }
  if (mails.delivered !== mails.sent)
    grown.push(`${mails.sent} mails were accepted, ${mails.delivered} delivered`);
  return grown;
}
