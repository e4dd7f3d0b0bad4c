import { common, createLowlight } from 'lowlight';
import { escapeText } from '#server/lib/xml.ts';

const grammars = createLowlight(common);

/** The classes of app/globals.css, by the name that the grammars give to a piece of code. Others have no colour. */
const classes: Readonly<Record<string, string>> = {
  'hljs-attr': 'code-title',
  'hljs-built_in': 'code-title',
  'hljs-comment': 'code-comment',
  'hljs-keyword': 'code-keyword',
  'hljs-literal': 'code-number',
  'hljs-meta': 'code-comment',
  'hljs-number': 'code-number',
  'hljs-regexp': 'code-string',
  'hljs-string': 'code-string',
  'hljs-title': 'code-title',
};

/** A piece of code in one colour. */
export type CodePart = { text: string; className: string | undefined };

/** Returns the code in pieces of one colour each: a single one for a language that has no grammar here. */
export function highlight(language: string, code: string): CodePart[] {
  if (!grammars.registered(language)) return [{ text: code, className: undefined }];
  const joined: CodePart[] = [];
  for (const part of grammars
    .highlight(language, code)
    .children.flatMap((node) => partsOf(node, undefined))) {
    const last = joined.at(-1);
    if (last && last.className === part.className) last.text += part.text;
    else joined.push(part);
  }
  return joined;
}

/** Returns the code as HTML. */
export function highlightedHtml(language: string, code: string): string {
  return highlight(language, code)
    .map(({ text, className }) =>
      className === undefined ? escapeText(text) : `<span class="${className}">${escapeText(text)}</span>`,
    )
    .join('');
}

type Node = ReturnType<typeof grammars.highlight>['children'][number];

function partsOf(node: Node, outer: string | undefined): CodePart[] {
  if (node.type === 'text') return [{ text: node.value, className: outer }];
  if (node.type !== 'element') return [];
  const [name] = Array.isArray(node.properties.className) ? node.properties.className : [];
  const className = typeof name === 'string' ? colourOf(name, outer) : outer;
  return node.children.flatMap((child) => partsOf(child, className));
}

/** Code within a text, such as `${name}`, has no colour of the text. */
function colourOf(name: string, outer: string | undefined): string | undefined {
  return name === 'hljs-subst' ? undefined : (classes[name] ?? outer);
}
