import { Marked, Renderer, type Tokens } from 'marked';
import { escapeText } from './xml.ts';

export type MarkdownOptions = {
  /** Where the site's root is; `/x` in the text means this plus `/x`. */
  siteUrl: string;
  /** Where the text itself stands; `x` and `../x` are relative to it. */
  documentUrl: string;
  /** Whether links inside the site are written with the host (a feed is read elsewhere) or from the root (a page of the site). */
  sameSiteLinks: 'absolute' | 'from root';
};

/**
 * HTML of a Markdown text (GFM) that is safe to show as it is: raw HTML is shown as text, links keep only
 * http, https and mailto, images only http and https. A link or image that is not kept leaves its text.
 */
export function renderMarkdown(markdown: string, options: MarkdownOptions): string {
  const renderer = new SafeRenderer(options);
  // As an option of the call: given to the constructor, the methods of a class would not be seen.
  return new Marked().parse(markdown, { async: false, gfm: true, renderer });
}

class SafeRenderer extends Renderer {
  readonly #options: MarkdownOptions;

  constructor(options: MarkdownOptions) {
    super();
    this.#options = options;
  }

  override html(token: Tokens.HTML | Tokens.Tag): string {
    const text = escapeText(token.text);
    return token.type === 'html' && token.block ? `<p>${text.trim()}</p>\n` : text;
  }

  override text(token: Tokens.Text | Tokens.Escape): string {
    // marked counts text between raw <script> or <pre> tags as escaped already. Here those tags are text too.
    return super.text(token.type === 'text' ? { ...token, escaped: false } : token);
  }

  override code(token: Tokens.Code): string {
    const html = super.code(token);
    // Code wider than the page scrolls, with the keyboard too.
    return this.#options.sameSiteLinks === 'from root' ? html.replace('<pre>', '<pre tabindex="0">') : html;
  }

  override link(token: Tokens.Link): string {
    const href = resolveUrl(token.href, this.#options, ['http:', 'https:', 'mailto:']);
    return href === null ? this.parser.parseInline(token.tokens) : super.link({ ...token, href });
  }

  override image(token: Tokens.Image): string {
    const href = resolveUrl(token.href, this.#options, ['http:', 'https:']);
    return href === null ? escapeText(token.text) : super.image({ ...token, href });
  }
}

/** The URL to write, or null when its scheme is not among `schemes` or it is no URL at all. */
function resolveUrl(reference: string, options: MarkdownOptions, schemes: readonly string[]): string | null {
  const root = `${options.siteUrl}/`;
  const fromRoot = reference.startsWith('/') && !reference.startsWith('//');
  const url = fromRoot ? URL.parse(`.${reference}`, root) : URL.parse(reference, options.documentUrl);
  if (!url || !schemes.includes(url.protocol)) return null;
  if (options.sameSiteLinks === 'from root' && url.href.startsWith(root)) {
    return `/${url.href.slice(root.length)}`;
  }
  return url.href;
}
