import sanitize from 'sanitize-html';
import { limits } from '../config/limits.ts';

/** What an article is made of. No element here can run anything, load anything but a picture, or be typed into. */
const allowedTags = [
  ...[
    'a',
    'abbr',
    'b',
    'bdi',
    'bdo',
    'blockquote',
    'br',
    'cite',
    'code',
    'dd',
    'del',
    'dfn',
    'div',
    'dl',
    'dt',
  ],
  ...['em', 'figcaption', 'figure', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'img', 'ins', 'kbd', 'li'],
  ...[
    'mark',
    'ol',
    'p',
    'pre',
    'q',
    'rp',
    'rt',
    'ruby',
    's',
    'samp',
    'small',
    'span',
    'strong',
    'sub',
    'sup',
  ],
  ...['table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'time', 'tr', 'u', 'ul', 'var', 'wbr'],
];

/**
 * Somebody else's HTML, made safe to show: elements and attributes of articles alone, links to http, https and
 * mailto, pictures from http and https. What is not kept leaves its text; scripts and styles leave nothing.
 *
 * @param baseUrl where relative links and pictures count from
 * @returns null for what is larger than `limits.feed` allows
 */
export function sanitizeHtml(html: string, baseUrl: string): string | null {
  if (isTooLarge(html)) return null;
  const absolute = (attribute: 'href' | 'src') => (tagName: string, attributes: sanitize.Attributes) => {
    const { [attribute]: given, ...others } = attributes;
    const url = given === undefined ? null : URL.parse(given, baseUrl);
    return { tagName, attribs: url ? { ...attributes, [attribute]: url.href } : others };
  };
  return sanitize(html, {
    allowedTags,
    allowedAttributes: {
      '*': ['dir', 'lang', 'title'],
      a: ['href'],
      img: ['alt', 'height', 'src', 'width'],
      ol: ['start'],
      td: ['colspan', 'rowspan'],
      th: ['colspan', 'rowspan', 'scope'],
      time: ['datetime'],
    },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowedSchemesByTag: { img: ['http', 'https'] },
    allowProtocolRelative: false,
    nestingLimit: limits.feed.htmlDepth,
    transformTags: { a: absolute('href'), img: absolute('src') },
    // A picture without an address is nothing.
    exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !attribs.src,
  });
}

/** The parser's time grows with the square of the tags that are open, so both are counted before it begins. */
function isTooLarge(html: string): boolean {
  if (html.length > limits.feed.htmlLength) return true;
  return (html.match(/[<&]/g)?.length ?? 0) > limits.feed.htmlMarkup;
}

/** Whether HTML is more than text. */
export function hasMarkup(html: string): boolean {
  return /<[a-z!/]/i.test(html);
}

const blockTag = /<(?=\/?(?:blockquote|br|dd|div|dt|h[1-6]|hr|li|p|pre|td|th|tr)\b)/gi;

/** The text of HTML on one line; '' for what is larger than `limits.feed` allows. */
export function textOfHtml(html: string): string {
  if (isTooLarge(html)) return '';
  const escaped = sanitize(html.replace(blockTag, ' <'), {
    allowedTags: [],
    allowedAttributes: {},
    nestingLimit: limits.feed.htmlDepth,
  });
  return escaped
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
}
