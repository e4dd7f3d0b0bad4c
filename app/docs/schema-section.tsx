import type { CatalogEntry, Schemas } from '#server/catalog/catalog.ts';
import { fieldTreeOf } from '#server/catalog/docs/field-tree.ts';
import { fieldsOf } from '#server/catalog/docs/schema-fields.ts';
import { CodeSample } from './code-sample.tsx';
import { FieldList } from './field-list.tsx';

/** The input or output of a procedure: its fields, and its JSON Schema. */
export function SchemaSection({
  title,
  schemas,
  upload = null,
}: {
  title: 'Input' | 'Output';
  schemas: Schemas | null;
  upload?: CatalogEntry['upload'];
}) {
  const id = title.toLowerCase();
  return (
    <section className="space-y-4" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {upload ? (
        <p>
          A file: as <code>multipart/form-data</code> in the field <code>file</code>, or its bytes as{' '}
          <code>application/octet-stream</code>. Its content must be one of {upload.mediaTypes.join(', ')}.
        </p>
      ) : (
        ((schemas && <SchemaDetails title={title} schemas={schemas} />) ?? <p>None.</p>)
      )}
    </section>
  );
}

function SchemaDetails({ title, schemas }: { title: string; schemas: Schemas }) {
  const [root, ...fields] = fieldsOf(schemas.value);
  return (
    <>
      {root && root.type !== 'object' && (
        <p>
          <code>{root.type}</code>
          {root.notes.length > 0 && `, ${root.notes.join(', ')}`}
          {root.description !== null && `: ${root.description}`}
        </p>
      )}
      {fields.length > 0 && <FieldList label={`${title} fields`} nodes={fieldTreeOf(fields)} />}
      <details>
        <summary className="cursor-pointer py-2 text-accent">JSON Schema</summary>
        <CodeSample
          title={`${title} as typed clients see it`}
          code={JSON.stringify(schemas.value, null, 2)}
        />
      </details>
    </>
  );
}
