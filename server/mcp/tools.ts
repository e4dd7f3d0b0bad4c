import type { Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { toJsonSchema } from '../lib/json-schema.ts';
import type { Principal } from '../principal.ts';
import { type ProcedureEntry, procedures, takesInput } from '../trpc/procedure-registry.ts';

/** A procedure as a tool of the Model Context Protocol. */
export type ProcedureTool = {
  entry: ProcedureEntry;
  /** What `tools/list` tells of it. */
  tool: Tool;
  /** The input of the procedure out of a call's arguments, which are always an object. */
  inputOf: (given: Record<string, unknown>) => unknown;
};

/**
 * Every procedure of a catalog as a tool, by its name: the path with `_` for the dots, because many clients take
 * no other characters.
 *
 * @throws Error when two paths give one name
 */
export function toolsOf(entries: Iterable<ProcedureEntry>): ReadonlyMap<string, ProcedureTool> {
  const tools = new Map<string, ProcedureTool>();
  for (const entry of entries) {
    const tool = toolOf(entry);
    const taken = tools.get(tool.tool.name);
    if (taken) throw new Error(`${entry.path} and ${taken.entry.path} would be one tool`);
    tools.set(tool.tool.name, tool);
  }
  return tools;
}

/** Of the router. */
export const tools = toolsOf(procedures.values());

/** What anyone may use; the other tools are for service keys, those with a scope for keys that have it. */
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
        // Whether something leaves this server.
        openWorldHint: meta.rateLimit !== 'light',
      },
    },
  };
}

/** The arguments are the input where that is an object; none where there is none; else it is their `value`. */
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
