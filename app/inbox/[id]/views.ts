/** The ways to look at a mail. */
export const views = ['html', 'text', 'headers', 'source'] as const;
export type View = (typeof views)[number];

export const viewTitles: Record<View, string> = {
  html: 'HTML',
  text: 'Text',
  headers: 'Headers',
  source: 'Source',
};

export const isView = (value: unknown): value is View => views.some((view) => view === value);
