import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  type OAuthClientProvider,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScriptClient, errorData } from '#client/node.ts';
import { SignInRequiredError, storedToken } from '#client/sign-in.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { TestBrowser } from './browser.ts';
import { send } from './send.ts';

let provider: IdentityProvider;
let product: Product;
let home: string;

beforeAll(async () => {
  const port = await freePort();
  home = await mkdtemp(join(tmpdir(), 'typed-bff-home-'));
  provider = await startIdentityProvider({ siteUrl: `http://localhost:${port}`, accessTokenLifetime: 2 });
  product = await startProduct({ PORT: String(port), ...provider.env });
}, 60_000);
afterAll(async () => {
  await product.close();
  await provider.close();
  await rm(home, { recursive: true, force: true });
});

const newBrowser = () => new TestBrowser(product.baseUrl, send);

describe('a script', () => {
  /** Runs `npm run sign-in`, and lets a person approve it. */
  async function runSignIn(person: string, parameters: string[] = [], url = product.baseUrl) {
    const child = spawn(process.execPath, ['client/bin/sign-in.ts', '--url', url, ...parameters], {
      env: { ...process.env, XDG_CONFIG_HOME: home },
    });
    let output = '';
    let approved: Promise<string> | undefined;
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /^Or open (\S+)$/m.exec(output)?.[1];
      if (url !== undefined) approved ??= newBrowser().approve(url, person);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const [code] = await once(child, 'exit');
    return { code, output, page: await approved };
  }

  test('acts for its user with a token that is refreshed, and keeps it in a file of the user', async () => {
    const { code, output, page } = await runSignIn('ada');
    expect(output).toContain('Signed in.');
    expect(code).toBe(0);
    expect(page).toContain('The script goes on.');
    expect(output).not.toMatch(/ey[\w-]+\.ey/);
    const [name = ''] = await readdir(join(home, 'typed-bff'));
    const file = join(home, 'typed-bff', name);
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const { baseUrl } = product;
    const api = createScriptClient({ baseUrl, token: storedToken({ baseUrl, file }) });
    const { user } = await api.session.current.query();
    expect(user).toMatchObject({ roles: ['editor'] });
    const first = JSON.parse(await readFile(file, 'utf8'));
    // The token lasts two seconds. Of several scripts at the same moment, one refreshes it.
    await new Promise((resolve) => setTimeout(resolve, first.useUntil - Date.now() + 1));
    provider.requests.length = 0;
    const scripts = Array.from({ length: 5 }, () =>
      createScriptClient({ baseUrl, token: storedToken({ baseUrl, file }) }).session.current.query(),
    );
    for (const current of await Promise.all(scripts)) expect(current.user).toEqual(user);
    expect(provider.requests.filter(({ path }) => path === '/token')).toHaveLength(1);
    expect(JSON.parse(await readFile(file, 'utf8')).refreshToken).not.toBe(first.refreshToken);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(product.log()).not.toMatch(/ey[\w-]+\.ey/);
  });

  test('gets a token for the MCP server alone by its URL', async () => {
    const { code, output } = await runSignIn('bob', [], `${product.baseUrl}/mcp`);
    expect(code, output).toBe(0);
    const file = /in (\S+\.json),/.exec(output)?.[1] ?? '';
    const { accessToken } = JSON.parse(await readFile(file, 'utf8'));
    const post = (path: string, body: unknown) =>
      fetch(`${product.baseUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
        body: JSON.stringify(body),
      });
    const params = { name: 'account_savedPlaces_get', arguments: {} };
    const called = await post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    expect(called.status).toBe(200);
    expect(await called.json()).toMatchObject({ result: { structuredContent: expect.anything() } });
    expect((await post('/api/trpc/session.list', {})).status).toBe(401);
  });

  test('whose user has not signed in, or no longer may, says so', async () => {
    const { baseUrl } = product;
    const file = join(home, 'none.json');
    await expect(storedToken({ baseUrl, file })()).rejects.toThrow(SignInRequiredError);
    const api = createScriptClient({ baseUrl, token: () => 'a.b.c' });
    const error = await api.session.current.query().catch((reason: unknown) => reason);
    expect(errorData(error)).toMatchObject({ reason: 'unauthorized', httpStatus: 401 });
  });

  test.each([
    [
      'for another resource than the product',
      ['--resource', 'https://other.example'],
      'If that is right, use --resource http',
    ],
    ['with an option that it does not have', ['--user', 'ada'], 'Usage: npm run sign-in'],
    ['as a client that the provider does not know', ['--client-id', 'unknown'], ''],
  ])('does not sign in %s', async (_, parameters, message) => {
    const { code, output } = await runSignIn('ada', parameters);
    expect(code).not.toBe(0);
    expect(output).toContain(message);
    expect(output).not.toContain('Signed in');
  });
});

describe('an agent', () => {
  /** The stored sign-in of an agent, with the functions that the client of the protocol needs. */
  class Memory implements OAuthClientProvider {
    readonly redirectUrl = `${product.baseUrl}/agent`;
    readonly clientMetadata = {
      client_name: 'An agent',
      redirect_uris: [this.redirectUrl],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    };
    authorizationUrl: URL | undefined;
    #client: StoredOAuthClientInformation | undefined;
    #tokens: StoredOAuthTokens | undefined;
    #verifier = '';

    clientInformation = () => this.#client;
    saveClientInformation(client: StoredOAuthClientInformation) {
      this.#client = client;
    }
    tokens = () => this.#tokens;
    saveTokens(tokens: StoredOAuthTokens) {
      this.#tokens = tokens;
    }
    redirectToAuthorization(url: URL) {
      this.authorizationUrl = url;
    }
    saveCodeVerifier(verifier: string) {
      this.#verifier = verifier;
    }
    codeVerifier = () => this.#verifier;
  }

  function connectTo(authProvider: OAuthClientProvider) {
    const transport = new StreamableHTTPClientTransport(new URL('/mcp', product.baseUrl), { authProvider });
    const client = new Client({ name: 'test', version: '1.0.0' });
    return { client, transport };
  }

  test('signs its user in when a tool needs that, and calls it for the user', async () => {
    const memory = new Memory();
    const visitor = connectTo(memory);
    await visitor.client.connect(visitor.transport);
    const { tools } = await visitor.client.listTools();
    const named = (name: string) => tools.find((tool) => tool.name === name);
    expect(named('session_list')?.description).toContain('Needs a user who has signed in.');
    expect(named('fixture_search')?.description).not.toContain('Needs a user');
    expect(named('proxy_notes_list')).toBeUndefined();
    expect(named('mail_list')).toBeUndefined();
    const open = await visitor.client.callTool({ name: 'fixture_request', arguments: {} });
    expect(open.isError).toBeFalsy();

    // The first call that needs a user leads to the provider.
    const called = visitor.client.callTool({ name: 'account_savedPlaces_get', arguments: {} });
    await expect(called).rejects.toThrow(UnauthorizedError);
    const url = memory.authorizationUrl ?? new URL('about:blank');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      code_challenge_method: 'S256',
      resource: `${product.baseUrl}/mcp`,
    });
    const callback = new URL(await newBrowser().choose(url.href, 'ada'), product.baseUrl);
    await visitor.transport.finishAuth(callback.searchParams);
    await visitor.client.close();

    const { client, transport } = connectTo(memory);
    await client.connect(transport);
    const places = await client.callTool({ name: 'account_savedPlaces_get', arguments: {} });
    expect(places).toMatchObject({ structuredContent: { result: [] } });
    // A mutation, too, which without a user needs a service key.
    const echoed = await client.callTool({ name: 'fixture_body', arguments: { value: 'for Ada' } });
    expect(echoed.structuredContent).toEqual({ res: 'for Ada' });
    const forService = await client.callTool({ name: 'mail_list', arguments: {} });
    expect(JSON.stringify(forService.content)).toContain('unauthorized');

    // The token is for the MCP server alone.
    const token = memory.tokens()?.access_token ?? '';
    const api = createScriptClient({ baseUrl: product.baseUrl, token: () => token });
    const error = await api.session.current.query().catch((reason: unknown) => reason);
    expect(errorData(error)).toMatchObject({ reason: 'unauthorized' });
    await client.close();
    expect(product.log()).not.toMatch(/ey[\w-]+\.ey/);
  });

  test.each([
    ['without a token', {}, ''],
    ['with a token that is not valid', { authorization: 'Bearer a.b.c' }, ' error="invalid_token",'],
  ])('is challenged in HTTP %s', async (_, headers, error) => {
    const response = await fetch(new URL('/mcp', product.baseUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'session_list', arguments: {} },
      }),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="typed-bff",${error} resource_metadata="${product.baseUrl}/.well-known/oauth-protected-resource/mcp"`,
    );
  });
});
