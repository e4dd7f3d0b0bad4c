const sections = [
  ['try', 'Try it'],
  ['call', 'Call it'],
  ['input', 'Input'],
  ['output', 'Output'],
  ['limits', 'Limits and privacy'],
  ['errors', 'Errors'],
] as const;

/** Links to the sections of a procedure's page, which may be long. */
export function PageSections() {
  return (
    <nav aria-label="On this page" className="flex flex-wrap gap-x-5 gap-y-1 border-line border-y py-1">
      {sections.map(([id, name]) => (
        <a key={id} href={`#${id}`} className="py-2 text-accent">
          {name}
        </a>
      ))}
    </nav>
  );
}
