import type { SchemaField } from './schema-fields.ts';

/** A field with the fields of its value, or of each of its items. */
export type FieldNode = {
  field: SchemaField;
  /** The path within the parent, without the brackets of its items: `sunrise` for `daily[].sunrise`. */
  name: string;
  children: readonly FieldNode[];
};

/** Nests a list of fields in which parents come before their children, as `fieldsOf` returns it. */
export function fieldTreeOf(fields: readonly SchemaField[], parentPath = ''): FieldNode[] {
  const nodes: FieldNode[] = [];
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index];
    if (!field) break;
    const following = fields.slice(index + 1);
    const end = following.findIndex(({ path }) => !isWithin(path, field.path));
    const descendants = end === -1 ? following : following.slice(0, end);
    nodes.push({
      field,
      name: field.path.slice(parentPath.length).replace(/^(?:\[\])*\.?/, ''),
      children: fieldTreeOf(descendants, field.path),
    });
    index += descendants.length;
  }
  return nodes;
}

function isWithin(path: string, parentPath: string): boolean {
  return path.startsWith(`${parentPath}.`) || path.startsWith(`${parentPath}[]`);
}
