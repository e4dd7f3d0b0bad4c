import type { Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { toJsonSchema } from '../lib/json-schema.ts';
import type { Principal } from '../principal.ts';
import { type ProcedureEntry, procedures, takesInput } from '../trpc/procedure-registry.ts';

/** A procedure as a tool of the Model Context Protocol. */
export type ProcedureTool = {
  entry: ProcedureEntry;
  /** The tool's entry in `tools/list`. */
  tool: Tool;
  /** Extracts the procedure's input from the arguments of a tool call, which are always an object. */
  inputOf: (given: Record<string, unknown>) => unknown;
};

/**
 * Returns every procedure as a tool, keyed by its name: the path with `_` instead of dots, because many clients do not
 * accept dots.
 *
 * @throws Error if two paths result in the same name
 */
export function toolsOf(entries: Iterable<ProcedureEntry>): ReadonlyMap<string, ProcedureTool> {
  const tools = new Map<string, ProcedureTool>();
  for (const entry of entries) {
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
 * Returns whether anyone may use the tool. The others need a service key, and those with a scope need a key with that
 * scope.
 */
export function isOpen({ type, meta }: ProcedureEntry): boolean {
  return type === 'query' && !meta.sensitive && meta.scope === undefined;
}

export function isOfferedTo(principal: Principal, entry: ProcedureEntry): boolean {
  switch (principal.kind) {
    case 'internal':
      return true;
    case 'visitor':
      return isOpen(entry);
    case 'service':
      return entry.meta.scope === undefined || principal.scopes.includes(entry.meta.scope);
  }
}

function toolOf(entry: ProcedureEntry): ProcedureTool {
  const { path, type, meta } = entry;
  const { inputSchema, inputOf } = argumentsOf(entry.input);
  return {
    entry,
    inputOf,
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
 * Maps the input of a procedure to arguments: an object is the arguments themselves, any other input is the argument
 * `value`, and a procedure without input takes no arguments.
 */
function argumentsOf(input: z.ZodType): Pick<ProcedureTool, 'inputOf'> & Pick<Tool, 'inputSchema'> {
  if (!takesInput(input)) {
    return { inputSchema: objectSchema(z.strictObject({})), inputOf: () => undefined };
  }
  if (toJsonSchema(input, 'input').type === 'object') {
    return { inputSchema: objectSchema(input), inputOf: (given) => given };
  }
  return { inputSchema: objectSchema(z.object({ value: input })), inputOf: ({ value }) => value };
}

function objectSchema(schema: z.ZodType): Tool['inputSchema'] {
  return { ...toJsonSchema(schema, 'input'), type: 'object' };
}
