import { CopyButton } from '#app/_components/copy-button.tsx';

/** A titled code sample with a copy button. Not highlighted: the marks of a large schema are larger than the schema. */
export function CodeSample({ title, code }: { title: string; code: string }) {
  return (
    <div className="min-w-0 space-y-2" data-sample="">
      <div className="flex min-h-9 items-center justify-between gap-3">
        <h3>{title}</h3>
        <CopyButton label={title} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable (WCAG 2.1.1) */}
      <pre className="code docs-code" tabIndex={0}>
        {code}
      </pre>
    </div>
  );
}
