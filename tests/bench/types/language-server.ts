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

/** Starts TypeScript's language server the way an editor does. */
export function startLanguageServer(tsc: string): LanguageServer {
  const child = spawn(process.execPath, [tsc, '--lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const pending = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let buffered = Buffer.alloc(0);

  function send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  function receive(text: string): void {
    const message = messageSchema.parse(JSON.parse(text));
    if (message.method !== undefined) {
      // The server requests settings and similar: reply that there are none.
      if (message.id !== undefined) {
        const isList = message.method === 'workspace/configuration';
        send({ id: message.id, result: isList ? [null] : null });
      }
      return;
    }
    const request = pending.get(Number(message.id));
    pending.delete(Number(message.id));
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
    for (const { reject } of pending.values()) reject(new Error(`the language server exited with ${code}`));
  });

  return {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        pending.set(lastId, { resolve, reject });
        send({ id: lastId, method, params });
      }),
    notify: (method, params) => send({ method, params }),
    close: () => void child.kill(),
  };
}
