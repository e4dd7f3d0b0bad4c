import { common, createLowlight } from 'lowlight';
import { Fragment, type ReactNode } from 'react';

const grammars = createLowlight(common);

export type CodeLanguage = 'bash' | 'go' | 'json' | 'python' | 'text' | 'typescript';

/** The classes of app/globals.css, by the name that the grammars give to a piece of code. Others have the text's colour. */
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

/** Code whose parts have colours. The server highlights it, so that the browser needs no grammar. */
export function Code({ language, children }: { language: CodeLanguage; children: string }) {
  return (
    <code className="text-[1em]">
      {language === 'text' ? children : grammars.highlight(language, children).children.map(nodeOf)}
    </code>
  );
}

type Nodes = ReturnType<typeof grammars.highlight>['children'];

function nodeOf(node: Nodes[number], index: number): ReactNode {
  if (node.type === 'text') return node.value;
  if (node.type !== 'element') return null;
  const className = classNameOf(node.properties.className);
  const children = node.children.map(nodeOf);
  return className === undefined ? (
    <Fragment key={index}>{children}</Fragment>
  ) : (
    <span key={index} className={className}>
      {children}
    </span>
  );
}

function classNameOf(names: unknown): string | undefined {
  const [name] = Array.isArray(names) ? names : [];
  return typeof name === 'string' ? classes[name] : undefined;
}
