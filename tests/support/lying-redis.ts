import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A reply in RESP, or a function that writes to the connection itself. */
type Lie = string | ((socket: Socket) => void);

export type LyingRedis = {
  /** For REDIS_URL. */
  url: string;
  /** Replies with the lie to the commands of the name, in lower case; `undefined` ends the lie. */
  lie(command: string, reply: Lie | undefined): void;
  /** Returns the arguments of each command of the name, in lower case, so far. */
  received(command: string): string[][];
  /** Number of open connections. */
  connections(): number;
};

const honestReplies: Record<string, string> = {
  info: bulk('redis_version:7.0.0\r\nloading:0\r\n'),
  client: '+OK\r\n',
  hello: `%1\r\n${bulk('server')}${bulk('redis')}`,
  set: '+OK\r\n',
  get: '$-1\r\n',
  del: ':1\r\n',
};

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

/** Starts a server that speaks RESP and replies to chosen commands with whatever a test wants. */
export async function startLyingRedis(): Promise<LyingRedis> {
  const lies = new Map<string, Lie>();
  const commands: { name: string; args: string[] }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The client closes the connection in the middle of a lie.
    socket.on('error', () => socket.destroy());
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      for (let command = nextCommand(received); command; command = nextCommand(received)) {
        received = received.slice(command.length);
        const name = command.name.toLowerCase();
        commands.push({ name, args: command.args });
        const reply = lies.get(name) ?? honestReplies[name] ?? `-ERR unknown command '${name}'\r\n`;
        if (typeof reply === 'string') socket.write(reply);
        else reply(socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `redis://127.0.0.1:${address.port}`,
    lie(command, reply) {
      if (reply === undefined) lies.delete(command);
      else lies.set(command, reply);
    },
    received: (name) => commands.filter((each) => each.name === name).map(({ args }) => args),
    connections: () => sockets.size,
  };
}

/** Returns the name, the arguments and the length of the first complete command: an array of bulk strings. */
function nextCommand(text: string): { name: string; args: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return undefined;
  let position = head[0].length;
  const words: string[] = [];
  for (let left = Number(head[1]); left > 0; left -= 1) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(position, position + 16));
    if (!size) return undefined;
    const start = position + size[0].length;
    const end = start + Number(size[1]);
    if (text.length < end + 2) return undefined;
    words.push(text.slice(start, end));
    position = end + 2;
  }
  const [name = '', ...args] = words;
  return { name, args, length: position };
}
