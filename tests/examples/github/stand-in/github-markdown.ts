import { Marked } from 'marked';

/** Schemes allowed in links and images. GitHub's sanitizer drops the others. */
const SAFE_SCHEME = /^(?:https?|mailto):/i;
const ANY_SCHEME = /^[a-z][a-z0-9+.-]*:/i;

const marked = new Marked({
  gfm: true,
  async: false,
  renderer: { html: ({ text }) => escapeHtml(text) },
  walkTokens: (token) => {
    if ((token.type === 'link' || token.type === 'image') && !isSafe(String(token.href))) token.href = '';
  },
});

/** Renders Markdown to HTML and escapes raw HTML in it. In `gfm` mode a newline is a line break, as in comments. */
export function renderMarkdown(text: string, mode: 'markdown' | 'gfm'): string {
  return marked.parse(text, { async: false, breaks: mode === 'gfm' });
}

function isSafe(href: string): boolean {
  // Browsers ignore control characters and blanks inside a scheme: "java\tscript:".
  const bare = href.replace(/[\p{Cc}\s]/gu, '');
  return SAFE_SCHEME.test(bare) || !ANY_SCHEME.test(bare);
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}
