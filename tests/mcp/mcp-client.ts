import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { ErrorData } from '#server/errors.ts';

export type Era = 'before 2026-07-28' | '2026-07-28';

/** Connects a Model Context Protocol client from the official package. The caller must close it. */
export async function connectMcp(
  { baseUrl }: { baseUrl: string },
  options: { era: Era; headers?: Record<string, string> },
): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: options.era === '2026-07-28' ? { pin: options.era } : 'legacy' } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', baseUrl), {
      requestInit: { headers: options.headers ?? {} },
    }),
  );
  return client;
}

type ToolResult = Awaited<ReturnType<Client['callTool']>>;

const failureSchema = z.strictObject({
  message: z.string().min(1),
  data: z.custom<ErrorData>((value) => typeof value === 'object' && value !== null && 'reason' in value),
});

/** Returns message and data of a tool's error. */
export function readToolError({ isError, content }: ToolResult): z.output<typeof failureSchema> {
  if (!isError) throw new Error(`not an error: ${JSON.stringify(content)}`);
  return failureSchema.parse(JSON.parse(textOf(content)));
}

/** Returns the result in the text of a tool's response. */
export function readToolText({ isError, content }: ToolResult): unknown {
  if (isError) throw new Error(`unexpected error: ${JSON.stringify(content)}`);
  return JSON.parse(textOf(content));
}

function textOf(content: ToolResult['content']): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}
