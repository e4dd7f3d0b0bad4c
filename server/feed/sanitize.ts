import sanitize from 'sanitize-html';
import { limits } from '../config/limits.ts';

/** Elements of articles. None of them can run code, load anything but an image, or take input. */
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
 * Sanitizes third-party HTML. It keeps elements and attributes of articles, links to http, https and mailto, and images
 * from http and https. Other elements are replaced by their text; scripts and styles are removed with their contents.
 *
 * @param baseUrl base of relative links and images
 * @returns null if the HTML exceeds `limits.feed`
 */
export function sanitizeHtml(html: string, baseUrl: string): string | null {
  if (isTooLarge(html)) return null;
  const absolute = (attribute: 'href' | 'src') => (tagName: string, attributes: sanitize.Attributes) => {
    const { [attribute]: value, ...others } = attributes;
    const url = value === undefined ? null : URL.parse(value, baseUrl);
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
    // Drop images without a URL.
    exclusiveFilter: ({ tag, attribs }) => tag === 'img' && !attribs.src,
  });
}

/** Checks length and markup before parsing: the parser's time is quadratic in the number of open tags. */
function isTooLarge(html: string): boolean {
  if (html.length > limits.feed.htmlLength) return true;
  return (html.match(/[<&]/g)?.length ?? 0) > limits.feed.htmlMarkup;
}

/** Reports whether a text contains HTML markup. */
export function hasMarkup(html: string): boolean {
  return /<[a-z!/]/i.test(html);
}

const blockTag = /<(?=\/?(?:blockquote|br|dd|div|dt|h[1-6]|hr|li|p|pre|td|th|tr)\b)/gi;

/** Returns the text of HTML on one line, with the alternative text of images; '' if the HTML exceeds `limits.feed`. */
export function textOfHtml(html: string): string {
  if (isTooLarge(html)) return '';
  const escaped = sanitize(html.replace(blockTag, ' <'), {
    allowedTags: ['img'],
    allowedAttributes: { img: ['alt'] },
    nestingLimit: limits.feed.htmlDepth,
  });
  return escaped
    .replace(/<img(?: alt="([^"]*)")? \/>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
}
