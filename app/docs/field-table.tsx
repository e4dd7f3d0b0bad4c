import type { SchemaField } from '#server/catalog/docs/schema-fields.ts';
import { Prose } from './prose.tsx';

/** A table of the fields of a value, with their types and descriptions. */
export function FieldTable({ caption, fields }: { caption: string; fields: readonly SchemaField[] }) {
  return (
    <table className="field-table">
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Type and description</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => (
          <tr key={field.path}>
            <th scope="row">
              <FieldPath path={field.path} />
              {field.optional && <span className="block text-muted text-xs">optional</span>}
            </th>
            <td>
              <code>{field.type}</code>
              {field.notes.length > 0 && <span className="text-muted">, {field.notes.join(', ')}</span>}
              {field.description !== null && (
                <p className="mt-0.5">
                  <Prose text={field.description} />
                </p>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The path of a field: its parents in the muted colour, its own name in ink. */
function FieldPath({ path }: { path: string }) {
  const [, parents = '', name = path] = /^(.*\.)?([^.]+)$/.exec(path) ?? [];
  return (
    <code className="font-normal">
      <span className="text-muted">{parents}</span>
      <span className="text-ink">{name}</span>
    </code>
  );
}
