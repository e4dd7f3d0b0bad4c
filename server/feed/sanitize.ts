import sanitize from 'sanitize-html';
import { limits } from '../config/limits.ts';
import { linkEmbeds } from './embeds.ts';

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

/** Attributes in which scripts find the image that they load when it comes into view. */
const lazySources = ['data-src', 'data-lazy-src', 'data-original'];
const sourceSets = ['srcset', 'data-srcset', 'data-lazy-srcset'];

/**
 * Sanitizes third-party HTML. It keeps elements and attributes of articles, links to http, https and mailto, and images
 * from http and https, including images that a script would load later. A frame, audio or video becomes a link to it.
 * Other elements are replaced by their text; scripts and styles are removed with their contents.
 *
 * @param baseUrl base of relative links and images
 * @returns null if the HTML exceeds `limits.feed`
 */
export function sanitizeHtml(html: string, baseUrl: string): string | null {
  if (isTooLarge(html)) return null;
  let inNoscript = false;
  let lastImage: string | undefined;
  const toWebUrl = (reference: string | undefined) => {
    const url = reference ? URL.parse(reference.trim(), baseUrl) : null;
    return url && /^https?:$/.test(url.protocol) ? url.href : undefined;
  };
  return sanitize(linkEmbeds(html, toWebUrl), {
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
    // The language of a code block, for syntax highlighting.
    allowedClasses: { code: ['language-*', 'lang-*'], pre: ['language-*', 'lang-*'] },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowedSchemesByTag: { img: ['http', 'https'] },
    allowProtocolRelative: false,
    nestingLimit: limits.feed.htmlDepth,
    onOpenTag(name) {
      if (name === 'noscript') inNoscript = true;
    },
    onCloseTag(name) {
      if (name === 'noscript') inNoscript = false;
    },
    transformTags: {
      a(tagName, { href, ...others }) {
        const url = href === undefined ? null : URL.parse(href, baseUrl);
        return { tagName, attribs: url ? { href: url.href, ...others } : others };
      },
      img(tagName, { src, ...others }) {
        const candidates = [
          ...lazySources.map((name) => others[name]),
          src,
          ...sourceSets.map((name) => /[^\s,]+/.exec(others[name] ?? '')?.[0]),
        ];
        const url = candidates.map(toWebUrl).find((candidate) => candidate !== undefined);
        // The fallback of a lazily loaded image is the same image.
        const isFallback = inNoscript && url === lastImage;
        lastImage = url;
        return { tagName, attribs: url && !isFallback ? { src: url, ...others } : others };
      },
    },
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

const blockTag = /<\/?(?:blockquote|br|dd|div|dt|h[1-6]|hr|li|p|pre|td|th|tr)\b/gi;

/** Returns the text of HTML on one line, with the alternative text of images; '' if the HTML exceeds `limits.feed`. */
export function textOfHtml(html: string): string {
  if (isTooLarge(html)) return '';
  const escaped = sanitize(html.replace(blockTag, ' $&'), {
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
