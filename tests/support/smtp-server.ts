import { once } from 'node:events';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

type Connection = SMTPServer['connections'] extends Set<infer Each> ? Each : never;

/** A reply with this code, a closed connection, or no reply at all. */
export type Fault = number | 'drop' | 'hang';

/** Returns the fault for the nth time (from 1) that the stage is reached; undefined for none. */
export type FaultAt = (nth: number) => Fault | undefined;

export type SmtpScript = {
  greeting?: FaultAt;
  mailFrom?: FaultAt;
  rcpt?: FaultAt;
  /** At the command DATA. */
  dataCommand?: FaultAt;
  /** After the reply to DATA and before the message is read: its final dot never arrives. */
  body?: FaultAt;
  /** After the final dot: the message is received and recorded, only the reply is faulty. */
  data?: FaultAt;
  /** Delays the reply to a received message. */
  beforeReply?: () => Promise<void>;
  /** Offers STARTTLS with a self-signed certificate. */
  untrustedTls?: boolean;
  /** Required from every client. Without it no authentication is required. */
  credentials?: { user: string; pass: string };
};

export type ReceivedMessage = {
  parsed: ParsedMail;
  /** As received, with dots unstuffed. */
  raw: string;
  envelope: { from: string; to: string[] };
  /** The fault of the reply; undefined if the message was accepted. */
  fault: Fault | undefined;
};

export type TestSmtpServer = {
  /** `smtp://` URL without credentials. */
  url: string;
  port: number;
  messages: ReceivedMessage[];
  close(): Promise<void>;
};

/** Starts a real SMTP server on loopback. Port 0 picks a free one. */
export async function startSmtpServer(script: SmtpScript = {}, port = 0): Promise<TestSmtpServer> {
  const messages: ReceivedMessage[] = [];
  const sockets = new Map<number, Socket>();
  const counts = new Map<FaultAt, number>();

  function next(faultAt: FaultAt | undefined): Fault | undefined {
    if (!faultAt) return undefined;
    const nth = (counts.get(faultAt) ?? 0) + 1;
    counts.set(faultAt, nth);
    return faultAt(nth);
  }

  function reply(fault: Fault | undefined, session: SMTPServerSession, done: (error?: Error) => void): void {
    if (fault === undefined) done();
    else if (fault === 'drop') sockets.get(session.remotePort)?.destroy();
    else if (fault !== 'hang') done(Object.assign(new Error('scripted'), { responseCode: fault }));
  }

  const pass = (
    faultAt: FaultAt | undefined,
    session: SMTPServerSession,
    done: (error?: Error) => void,
  ): void => reply(next(faultAt), session, done);

  /** The library has no hook for the DATA command itself. */
  function scriptDataCommand(connection: Connection): void {
    const { session } = connection;
    const handle = connection.handler_DATA.bind(connection);
    connection.handler_DATA = (command, done) => {
      const fault = next(script.dataCommand);
      if (typeof fault === 'number') {
        connection.send(fault, 'scripted');
        return done();
      }
      reply(fault, session, () => {
        const broken = next(script.body);
        if (broken === undefined) return handle(command, done);
        connection.send(354, 'go ahead');
        if (broken === 'drop') sockets.get(session.remotePort)?.destroySoon();
      });
    };
  }

  /** Skips the library's 100 ms delay before the greeting, which detects clients that talk too early. */
  function greetAtOnce(connection: Connection): void {
    const greet = connection.connectionReady.bind(connection);
    connection.connectionReady = () => undefined;
    greet();
  }

  const { credentials } = script;
  const server = new SMTPServer({
    logger: false,
    disableReverseLookup: true,
    disabledCommands: script.untrustedTls ? [] : ['STARTTLS'],
    allowInsecureAuth: true,
    authOptional: credentials === undefined,
    closeTimeout: 100,
    onConnect: (session, done) => pass(script.greeting, session, done),
    onAuth: (auth, _session, done) => {
      const known = auth.username === credentials?.user && auth.password === credentials?.pass;
      if (known) done(null, { user: auth.username });
      else done(Object.assign(new Error('Invalid username or password'), { responseCode: 535 }));
    },
    onMailFrom: (_address, session, done) => pass(script.mailFrom, session, done),
    onRcptTo: (_address, session, done) => pass(script.rcpt, session, done),
    onData: async (stream, session, done) => {
      // Undefined if the client disconnected in mid-message.
      const raw = await buffer(stream).catch(() => undefined);
      if (!raw) return;
      const { mailFrom, rcptTo } = session.envelope;
      const fault = next(script.data);
      messages.push({
        parsed: await simpleParser(raw),
        raw: raw.toString('utf8'),
        envelope: { from: mailFrom ? mailFrom.address : '', to: rcptTo.map((to) => to.address) },
        fault,
      });
      await script.beforeReply?.();
      reply(fault, session, done);
    },
  });
  const connect = server.connect.bind(server);
  server.connect = (socket, options) => {
    connect(socket, options);
    for (const connection of server.connections) {
      if (connection._socket !== socket) continue;
      scriptDataCommand(connection);
      greetAtOnce(connection);
    }
  };
  // Dropped connections are also reported here.
  server.on('error', () => {});
  server.server.on('connection', (socket: Socket) => {
    if (socket.remotePort !== undefined) sockets.set(socket.remotePort, socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was bound.');
  const bound = address.port;

  return {
    url: `smtp://127.0.0.1:${bound}`,
    port: bound,
    messages,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
