import GithubSlugger from 'github-slugger';
import type { Section } from '#server/catalog/docs/calling.ts';
import { errorReasons } from '#server/errors.ts';
import type { ListedTopic } from './matches.ts';

/** Returns the sections of the guide with the ids that its headings have. */
export function guideSections(sections: readonly Pick<Section, 'title'>[]): { id: string; title: string }[] {
  const slugger = new GithubSlugger();
  return sections.map(({ title }) => ({ id: slugger.slug(title), title }));
}

/** Returns what the search finds besides procedures: the sections of the guide, and all error reasons. */
export function topicsOf(sections: readonly Section[]): ListedTopic[] {
  const ids = guideSections(sections);
  return [
    ...sections.map(
      ({ title, text }, index): ListedTopic => ({
        title,
        text: firstSentence(text),
        href: `/docs/calling#${ids[index]?.id ?? ''}`,
      }),
    ),
    ...Object.entries(errorReasons).map(
      ([reason, { httpStatus, message }]): ListedTopic => ({
        title: reason,
        text: `Error ${httpStatus}: ${message}`,
        href: '/docs/calling#errors',
      }),
    ),
  ];
}

/** Without the marks of Markdown. */
function firstSentence(text: string): string {
  const words = text.split(/\s/);
  const end = words.findIndex((word) => word.endsWith('.') || word.endsWith(':'));
  const sentence = end < 0 ? text : words.slice(0, end + 1).join(' ');
  return sentence.replaceAll('`', '').replace(/[:.]$/, '.');
}
