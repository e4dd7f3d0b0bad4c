import { useId } from 'react';
import type { FormField } from './form-fields.ts';

/** A labelled control of a generated form, prefilled with the example. */
export function FieldControl({ field }: { field: FormField }) {
  const id = useId();
  const control = {
    id,
    className: 'field',
    name: field.name,
    required: field.required,
    defaultValue: field.example,
  };
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block font-medium">
        {field.name}
        {field.required ? '' : ' (optional)'}
      </label>
      {field.choices ? (
        <select {...control}>
          {!field.required && <option value="" />}
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : field.multiline ? (
        <textarea {...control} rows={4} />
      ) : (
        <input {...control} inputMode={field.numeric ? 'numeric' : 'text'} />
      )}
    </div>
  );
}
