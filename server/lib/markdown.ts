import GithubSlugger from 'github-slugger';
import { Marked, Renderer, type Tokens } from 'marked';
import markedFootnote from 'marked-footnote';
import { escapeAttribute, escapeText } from './xml.ts';

export type MarkdownOptions = {
  /** Base URL of root-relative references such as `/x`. */
  siteUrl: string;
  /** Base URL of relative references such as `x` and `../x`. */
  documentUrl: string;
  /** Form of links within the site: with the host (feeds are read elsewhere) or from the root (pages). */
  sameSiteLinks: 'absolute' | 'from root';
  /** Returns the HTML of a code block in a language. By default the code is escaped. */
  highlight?: (language: string, code: string) => string;
};

/**
 * Renders Markdown (GFM with footnotes) as safe HTML: raw HTML is escaped, links may use http, https and mailto, and
 * images http and https. Any other link or image is replaced with its text. Comments are dropped. Headings have the ids
 * that GitHub gives them.
 */
export function renderMarkdown(markdown: string, options: MarkdownOptions): string {
  const renderer = new SafeRenderer(options);
  const marked = new Marked(
    markedFootnote({
      // No id of a heading has a dot.
      prefixId: 'fn.',
      // The default contains the name of the footnote unescaped.
      backRefLabel: 'Back to the text',
    }),
  );
  // The renderer is passed to parse() and not to the constructor, which ignores methods of a class.
  const html = marked.parse(markdown, { async: false, gfm: true, renderer });
  return options.sameSiteLinks === 'absolute' ? withAbsoluteFragments(html, options.documentUrl) : html;
}

/** Only footnotes have links that are just a fragment. Text has no tags, because its `<` is escaped. */
function withAbsoluteFragments(html: string, documentUrl: string): string {
  return html.replace(
    /(<a [^<>]*?href=")#/g,
    (_, start: string) => `${start}${escapeAttribute(documentUrl)}#`,
  );
}

/** The number that refers to a footnote, in rendered Markdown. */
export const footnoteNumber = /<sup>(?:<a[^<>]*>)?[^<>]*(?:<\/a>)?<\/sup>/g;

function isComment(html: string): boolean {
  const text = html.trim();
  const opening = '<!--';
  const closing = '-->';
  return text.startsWith(opening) && text.indexOf(closing, opening.length) === text.length - closing.length;
}

class SafeRenderer extends Renderer {
  readonly #options: MarkdownOptions;
  readonly #slugger = new GithubSlugger();

  constructor(options: MarkdownOptions) {
    super();
    this.#options = options;
  }

  override heading({ depth, tokens }: Tokens.Heading): string {
    // Without the numbers of footnotes and other tags.
    const text = this.parser
      .parseInline(tokens, this.parser.textRenderer)
      .replace(footnoteNumber, '')
      .replace(/<[^<>]*>/g, '');
    const id = this.#slugger.slug(text.trim());
    return `<h${depth}${id ? ` id="${escapeAttribute(id)}"` : ''}>${this.parser.parseInline(tokens)}</h${depth}>\n`;
  }

  override html(token: Tokens.HTML | Tokens.Tag): string {
    if (isComment(token.text)) return '';
    const text = escapeText(token.text);
    return token.type === 'html' && token.block ? `<p>${text.trim()}</p>\n` : text;
  }

  override text(token: Tokens.Text | Tokens.Escape): string {
    // marked treats text between raw <script> or <pre> tags as already escaped, but here those tags are text too.
    return super.text(token.type === 'text' ? { ...token, escaped: false } : token);
  }

  override code(token: Tokens.Code): string {
    const { highlight } = this.#options;
    const html =
      highlight && token.lang
        ? `<pre><code>${highlight(token.lang, token.text)}</code></pre>\n`
        : super.code(token);
    // Makes wide code blocks scrollable with the keyboard.
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

/** Returns the URL to write, or null if it is invalid or its scheme is not allowed. */
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
