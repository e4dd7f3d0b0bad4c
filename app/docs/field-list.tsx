import type { FieldNode } from '#server/catalog/docs/field-tree.ts';
import { Prose } from './prose.tsx';

/** The fields of a value with their types and descriptions. Those of inner values are folded if there are many. */
export function FieldList({ label, nodes }: { label: string; nodes: readonly FieldNode[] }) {
  return <Level label={label} nodes={nodes} isFolded={countOf(nodes) > unfoldedFields} />;
}

/** As many fields are read without scrolling far. */
const unfoldedFields = 12;

function countOf(nodes: readonly FieldNode[]): number {
  return nodes.reduce((count, { children }) => count + 1 + countOf(children), 0);
}

type LevelProps = { label: string; nodes: readonly FieldNode[]; isFolded: boolean };

function Level({ label, nodes, isFolded }: LevelProps) {
  return (
    <ul aria-label={label} className="docs-fields">
      {nodes.map((node) => (
        <Field key={node.field.path} node={node} isFolded={isFolded} />
      ))}
    </ul>
  );
}

function Field({ node: { field, name, children }, isFolded }: { node: FieldNode; isFolded: boolean }) {
  return (
    <li>
      <p>
        <code className="font-medium text-ink">{name}</code> <code className="text-muted">{field.type}</code>
        {[...(field.optional ? ['optional'] : []), ...field.notes].map((note) => (
          <span key={note} className="docs-field-note">
            {note}
          </span>
        ))}
      </p>
      {field.description !== null && (
        <p className="text-muted">
          <Prose text={field.description} />
        </p>
      )}
      {children.length > 0 && (
        <details open={!isFolded}>
          <summary>
            {children.length === 1 ? '1 field' : `${children.length} fields`}
            <span className="sr-only"> of {name}</span>
          </summary>
          <Level label={`Fields of ${name}`} nodes={children} isFolded={isFolded} />
        </details>
      )}
    </li>
  );
}
