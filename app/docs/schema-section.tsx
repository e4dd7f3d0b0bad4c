import type { Schemas } from '#server/catalog/catalog.ts';
import { fieldsOf } from '#server/catalog/docs/schema-fields.ts';
import { CodeSample } from './code-sample.tsx';
import { FieldTable } from './field-table.tsx';

/** An input or an output: its fields as a table, and the JSON Schema behind it. */
export function SchemaSection({ title, schemas }: { title: 'Input' | 'Output'; schemas: Schemas | null }) {
  const id = title.toLowerCase();
  return (
    <section className="space-y-4" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {schemas ? <Described title={title} schemas={schemas} /> : <p>None.</p>}
    </section>
  );
}

function Described({ title, schemas }: { title: string; schemas: Schemas }) {
  const [whole, ...fields] = fieldsOf(schemas.value);
  return (
    <>
      {whole && whole.type !== 'object' && (
        <p>
          <code>{whole.type}</code>
          {whole.notes.length > 0 && `, ${whole.notes.join(', ')}`}
          {whole.description !== null && `: ${whole.description}`}
        </p>
      )}
      {fields.length > 0 && <FieldTable caption={`${title}, field by field`} fields={fields} />}
      <details className="group">
        <summary className="cursor-pointer py-2 text-accent">JSON Schema</summary>
        <CodeSample
          title={`${title} as typed callers have it`}
          code={JSON.stringify(schemas.value, null, 2)}
        />
      </details>
    </>
  );
}
