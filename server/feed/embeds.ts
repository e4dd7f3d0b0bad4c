import { Parser } from 'htmlparser2';
import { escapeAttribute, escapeText } from '../lib/xml.ts';

const embedTags: readonly string[] = ['audio', 'embed', 'iframe', 'object', 'video'];
const hasEmbed = /<(?:audio|embed|iframe|object|video)\b/i;

type Embed = {
  tag: string;
  depth: number;
  start: number;
  url: string | undefined;
  title: string | undefined;
};

/**
 * Replaces frames, audio, video and other embeds, which readers remove, by links to them. Their fallback contents are
 * dropped. An embed without an http or https URL is left as it is.
 *
 * @param toUrl returns the absolute URL of a reference; undefined if its scheme is not http or https
 */
export function linkEmbeds(
  html: string,
  toUrl: (reference: string | undefined) => string | undefined,
): string {
  if (!hasEmbed.test(html)) return html;
  let result = '';
  let position = 0;
  let embed: Embed | undefined;
  const parser = new Parser({
    onopentag(tag, { src, data, title, 'data-src': lazySource }) {
      if (embed) {
        if (tag === embed.tag) embed.depth += 1;
      } else if (embedTags.includes(tag)) {
        embed = { tag, depth: 1, start: parser.startIndex, url: undefined, title: undefined };
      }
      if (!embed || !(tag === 'source' || embedTags.includes(tag))) return;
      embed.url ??= toUrl(lazySource) ?? toUrl(src) ?? toUrl(data);
      embed.title ??= title;
    },
    onclosetag(tag, isImplied) {
      if (tag !== embed?.tag || --embed.depth > 0) return;
      const { start, url, title } = embed;
      embed = undefined;
      if (!url) return;
      result += `${html.slice(position, start)} <a href="${escapeAttribute(url)}">${escapeText(title || url)}</a> `;
      // A tag that implies the end is not part of the embed. `embed` has no end tag.
      position = isImplied && tag !== 'embed' ? parser.startIndex : parser.endIndex + 1;
    },
  });
  parser.end(html);
  return result + html.slice(position);
}
