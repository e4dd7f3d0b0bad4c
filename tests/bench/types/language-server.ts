import { spawn } from 'node:child_process';
import { z } from 'zod';

const messageSchema = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

export type LanguageServer = {
  request(method: string, params: unknown): Promise<unknown>;
  notify(method: string, params: unknown): void;
  close(): void;
};

/** TypeScript's language server as an editor starts it. */
export function startLanguageServer(tsc: string): LanguageServer {
  const child = spawn(process.execPath, [tsc, '--lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  let buffered = Buffer.alloc(0);

  function send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  function receive(text: string): void {
    const message = messageSchema.parse(JSON.parse(text));
    if (message.method !== undefined) {
      // It asks for settings and the like: there are none.
      if (message.id !== undefined) {
        const isList = message.method === 'workspace/configuration';
        send({ id: message.id, result: isList ? [null] : null });
      }
      return;
    }
    const request = waiting.get(Number(message.id));
    waiting.delete(Number(message.id));
    if (message.error) request?.reject(new Error(message.error.message));
    else request?.resolve(message.result);
  }

  child.stdout.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const end = buffered.indexOf('\r\n\r\n');
      const length = Number(
        /content-length: (\d+)/i.exec(buffered.toString('latin1', 0, Math.max(0, end)))?.[1],
      );
      if (end < 0 || buffered.length < end + 4 + length) return;
      receive(buffered.toString('utf8', end + 4, end + 4 + length));
      buffered = buffered.subarray(end + 4 + length);
    }
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the language server ended with ${code}`));
  });

  return {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.set(asked, { resolve, reject });
        send({ id: asked, method, params });
      }),
    notify: (method, params) => send({ method, params }),
    close: () => void child.kill(),
  };
}
