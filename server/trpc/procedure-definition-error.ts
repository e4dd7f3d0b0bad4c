/** A part that a procedure lacks. Its message names the procedure and the part. */
export class ProcedureDefinitionError extends Error {
  override readonly name = 'CatalogError';
}
