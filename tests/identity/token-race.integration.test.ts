import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import type { StorageEnv } from '#tests/mail/support.ts';
import { onEachStorage } from '#tests/support/each-database.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { secret, signInAt, siteUrl, startInstance } from './instance.ts';
import type { TokenTask } from './token-task.ts';

const target: TokenTask['target'] = {
  parameter: 'resource',
  value: 'http://notes.localhost',
  scopes: ['drafts:read'],
};

let provider: IdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider({ siteUrl, resources: { [target.value]: ['drafts:read'] } });
});
afterAll(() => provider.close());
beforeEach(() => {
  provider.intercept = undefined;
});

type TokenProcess = { child: ChildProcess; run(task: TokenTask): Promise<string[]> };

/** Starts a process of its own, as an instance of the product is. It ends after the test. */
function startProcess(storage: StorageEnv): TokenProcess {
  const script = new URL('./token-process.ts', import.meta.url).pathname;
  const env: NodeJS.ProcessEnv = {
    NODE_ENV: 'production',
    PATH: process.env.PATH,
    // The modules are compiled once for all processes.
    NODE_COMPILE_CACHE: 'tests/.output/compile-cache',
    DATA_DIR: storage.DATA_DIR,
    ...(storage.DATABASE_URL === undefined ? {} : { DATABASE_URL: storage.DATABASE_URL }),
    SITE_URL: siteUrl,
    SESSION_SECRETS: secret,
    ...provider.env,
  };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return {
    child,
    async run(task) {
      child.stdin.write(`${JSON.stringify(task)}\n`);
      const { value } = await lines.next();
      return z.array(z.string()).parse(JSON.parse(String(value)));
    },
  };
}

onEachStorage((storage) => {
  async function signedIn(): Promise<string> {
    const identity = startInstance({ storage: storage(), provider, targets: [target] });
    return signInAt(identity, identity);
  }

  test('three processes with ten calls each make one request for each refresh', {
    timeout: 60_000,
  }, async () => {
    const cookie = await signedIn();
    const processes = Array.from({ length: 3 }, () => startProcess(storage()));
    let refused = '';
    for (let round = 1; round <= 6; round += 1) {
      provider.requests.length = 0;
      const results = await Promise.all(
        processes.map((each) => each.run({ cookie, target, calls: 10, refused })),
      );
      const tokens = results.flat();
      expect(tokens).toHaveLength(30);
      const [token = ''] = tokens;
      expect(token).toMatch(/^ey/);
      expect(token).not.toBe(refused);
      expect(new Set(tokens)).toEqual(new Set([token]));
      expect(provider.requests.filter(({ path }) => path === '/token')).toHaveLength(1);
      refused = token;
    }
  });

  test('a process that is killed while it refreshes delays the others by seconds', {
    timeout: 60_000,
  }, async () => {
    const cookie = await signedIn();
    const [killed, other] = [startProcess(storage()), startProcess(storage())];
    await other.run({ cookie, target, calls: 0 });
    let requests = 0;
    provider.intercept = ({ url }) => url === '/token' && ++requests === 1;
    void killed.run({ cookie, target, calls: 1 }).catch(() => undefined);
    await vi.waitFor(() => expect(requests).toBe(1), { timeout: 10_000 });
    killed.child.kill('SIGKILL');
    expect(await other.run({ cookie, target, calls: 3 })).toEqual(
      Array(3).fill(expect.stringMatching(/^ey/)),
    );
  });

  test('a process that is stopped while it refreshes, and overtaken, writes nothing', {
    timeout: 60_000,
  }, async () => {
    const cookie = await signedIn();
    const [stopped, other] = [startProcess(storage()), startProcess(storage())];
    await other.run({ cookie, target, calls: 0 });
    let answer: (() => void) | undefined;
    provider.intercept = ({ url }, response) => {
      if (url !== '/token' || answer) return false;
      const tokens = { access_token: 'late', token_type: 'bearer', expires_in: 60, refresh_token: 'late' };
      answer = () =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens));
      return true;
    };
    const late = stopped.run({ cookie, target, calls: 1 });
    await vi.waitFor(() => expect(answer).toBeDefined(), { timeout: 10_000 });
    stopped.child.kill('SIGSTOP');
    const tokens = await other.run({ cookie, target, calls: 1 });
    expect(tokens[0]).toMatch(/^ey/);
    answer?.();
    stopped.child.kill('SIGCONT');
    expect(await late).toEqual(tokens);
    expect(await other.run({ cookie, target, calls: 1 })).toEqual(tokens);
  });
});
