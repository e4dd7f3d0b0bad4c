/** A procedure or router that cannot be served as defined. The message names it and the problem. */
export class ProcedureDefinitionError extends Error {
  override readonly name = 'ProcedureDefinitionError';
}
