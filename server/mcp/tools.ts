import type { Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { fieldErrorsFrom, unknownField } from '../lib/field-errors.ts';
import { toJsonSchema } from '../lib/json-schema.ts';
import type { Principal } from '../principal.ts';
import type { ProcedureMeta } from '../trpc/procedure-meta.ts';
import { type ProcedureEntry, procedures, takesInput } from '../trpc/procedure-registry.ts';

/** A procedure as a tool of the Model Context Protocol. */
export type ProcedureTool = {
  entry: ProcedureEntry;
  /** The tool's entry in `tools/list`. */
  tool: Tool;
  /**
   * Extracts the procedure's input from the arguments of a tool call, which are always an object.
   *
   * @throws AppError `invalid_input` that names the arguments that the tool does not have
   */
  inputOf: (given: Record<string, unknown>) => unknown;
};

/**
 * Returns every query and mutation that takes no file as a tool, keyed by its name: the path with `_` instead of dots, because many clients do not
 * accept dots.
 *
 * @throws Error if two paths result in the same name
 */
export function toolsOf(entries: Iterable<ProcedureEntry>): ReadonlyMap<string, ProcedureTool> {
  const tools = new Map<string, ProcedureTool>();
  for (const entry of entries) {
    if (entry.type === 'subscription' || entry.meta.upload) continue;
    const tool = toolOf(entry);
    const taken = tools.get(tool.tool.name);
    if (taken) throw new Error(`${entry.path} and ${taken.entry.path} have the same tool name`);
    tools.set(tool.tool.name, tool);
  }
  return tools;
}

/** The tools of the router. */
export const tools = toolsOf(procedures.values());

/**
 * Returns whether anyone may use the tool: the queries that visitors may call. The others need a service key or a user,
 * and those with a scope need a key with that scope.
 */
export function isOpen({ type, meta }: ProcedureEntry): boolean {
  return type === 'query' && meta.scope === undefined && !isAboutUser(meta);
}

function isAboutUser({ user, passive }: ProcedureMeta): boolean {
  return user !== undefined || passive === true;
}

/** Returns whether users may use the tool with an access token. An agent has no session of a browser. */
export function isForUsers({ meta: { scope, user, passive } }: ProcedureEntry): boolean {
  return scope === undefined && !passive && !user?.session;
}

/** @param canSignIn whether an agent can get an access token of a user */
export function isOfferedTo(principal: Principal, entry: ProcedureEntry, canSignIn: boolean): boolean {
  switch (principal.kind) {
    case 'internal':
      return true;
    case 'visitor':
      return isOpen(entry) || (canSignIn && isForUsers(entry));
    case 'user':
      return isForUsers(entry);
    case 'service': {
      const { scope } = entry.meta;
      return !isAboutUser(entry.meta) && (scope === undefined || principal.scopes.includes(scope));
    }
  }
}

/** Returns the tool for a caller. Agents that have not signed in learn that they must. */
export function toolFor(principal: Principal, { entry, tool }: ProcedureTool): Tool {
  if (principal.kind !== 'visitor' || isOpen(entry)) return tool;
  return { ...tool, description: `${tool.description} Needs a user who has signed in.` };
}

function toolOf(entry: ProcedureEntry): ProcedureTool {
  const { path, type, meta } = entry;
  const { inputSchema, inputOf } = argumentsOf(entry);
  return {
    entry,
    inputOf: (given) => inputOf(requireOffered(given, inputSchema)),
    tool: {
      name: path.replaceAll('.', '_'),
      title: meta.summary,
      description: `${meta.summary}. ${meta.description}`,
      inputSchema,
      outputSchema: toJsonSchema(entry.output, 'output'),
      annotations: {
        readOnlyHint: type === 'query',
        // True if calls send requests or mails to other systems.
        openWorldHint: meta.rateLimit !== 'light',
      },
    },
  };
}

/**
 * Maps the input of a procedure to arguments: an object is the arguments themselves, without the fields of forms; any
 * other input is the argument `value`; and a procedure without input takes no arguments.
 */
function argumentsOf({
  input,
  meta,
}: ProcedureEntry): Pick<ProcedureTool, 'inputOf'> & Pick<Tool, 'inputSchema'> {
  if (!takesInput(input)) {
    return { inputSchema: objectSchema(z.strictObject({})), inputOf: () => undefined };
  }
  if (toJsonSchema(input, 'input').type !== 'object') {
    return { inputSchema: objectSchema(z.strictObject({ value: input })), inputOf: ({ value }) => value };
  }
  const { properties = {}, ...schema } = objectSchema(input);
  const offered = Object.entries(properties).filter(([name]) => !meta.formFields?.includes(name));
  return {
    inputSchema: { ...schema, properties: Object.fromEntries(offered) },
    inputOf: (given) => given,
  };
}

/** @throws AppError `invalid_input` that names the arguments that the tool does not have */
function requireOffered(
  given: Record<string, unknown>,
  { properties = {}, additionalProperties }: Tool['inputSchema'],
): Record<string, unknown> {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(properties, name));
  if (additionalProperties !== false || unknown.length === 0) return given;
  throw new AppError('invalid_input', {
    fieldErrors: fieldErrorsFrom(unknown.map((name) => [name, unknownField])),
  });
}

function objectSchema(schema: z.ZodType): Tool['inputSchema'] {
  return { ...toJsonSchema(schema, 'input'), type: 'object' };
}
