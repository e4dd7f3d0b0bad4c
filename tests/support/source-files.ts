import { globSync, readFileSync } from 'node:fs';
import { parseSync, type Span, Visitor, type VisitorObject } from 'oxc-parser';

/** A place in the source, as `file:line`. */
export type Place = string;

/**
 * Visits the syntax tree of every source file of the product.
 *
 * @param visitorOf returns the visitor of a file. `placeOf` names the place of a node
 */
export function visitSources(
  visitorOf: (file: string, placeOf: (node: Span) => Place) => VisitorObject,
): void {
  // A glob skips folders such as app/.well-known unless it names their dot.
  const files = globSync([
    '{app,client,server}/**/*.{ts,tsx}',
    'app/.*/**/*.{ts,tsx}',
    '{proxy,instrumentation,next.config}.ts',
  ]);
  for (const file of files.sort()) {
    const source = readFileSync(file, 'utf8');
    const { program, errors } = parseSync(file, source);
    if (errors.length > 0) throw new Error(`${file}: ${errors.map(({ message }) => message).join()}`);
    const placeOf = ({ start }: Span) => `${file}:${source.slice(0, start).split('\n').length}`;
    new Visitor(visitorOf(file, placeOf)).visit(program);
  }
}
