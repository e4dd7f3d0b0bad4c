import { highlight } from '../_lib/highlight.ts';

export type CodeLanguage = 'bash' | 'go' | 'json' | 'python' | 'text' | 'typescript';

/** Code whose parts have colours. The server highlights it, so that the browser needs no grammar. */
export function Code({ language, children }: { language: CodeLanguage; children: string }) {
  return (
    <code className="text-[1em]">
      {highlight(language, children).map(({ text, className }, index) =>
        className === undefined ? (
          text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
          <span key={index} className={className}>
            {text}
          </span>
        ),
      )}
    </code>
  );
}
