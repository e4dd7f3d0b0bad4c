import superjson from 'superjson';

/** Sends a request to the product, in this process or over HTTP, and follows no redirect. */
export type Send = (url: string, init?: RequestInit) => Promise<Response>;

type Jar = Map<string, string>;

/** The headers of a navigation that the address bar or a link of the same site starts. */
export const navigation = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
};
/** The headers of the navigation with which the provider sends a browser back. */
const fromProvider = { ...navigation, 'sec-fetch-site': 'cross-site' };
const fromOwnPage = { 'sec-fetch-site': 'same-origin' };

/** A browser as far as the sign-in needs one: it keeps cookies and follows redirects. It runs no scripts. */
export class TestBrowser {
  readonly #siteUrl: string;
  readonly #send: Send;
  /** Cookies by origin. */
  readonly #jars = new Map<string, Jar>();

  constructor(siteUrl: string, send: Send) {
    this.#siteUrl = siteUrl;
    this.#send = send;
  }

  cookie(name: string): string | undefined {
    return this.#jar(this.#siteUrl).get(name);
  }

  setCookie(name: string, value: string): void {
    this.#jar(this.#siteUrl).set(name, value);
  }

  /**
   * Requests a path of the product.
   *
   * @param options.strict false for a navigation that another site starts: cookies with SameSite=Strict stay away
   */
  async request(path: string, init: RequestInit = {}, { strict = true } = {}): Promise<Response> {
    const cookies = [...this.#jar(this.#siteUrl)]
      .filter(([name]) => strict || name.endsWith('sign-in'))
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
    const headers = new Headers(init.headers);
    if (cookies !== '' && !headers.has('cookie')) headers.set('cookie', cookies);
    const response = await this.#send(`${this.#siteUrl}${path}`, { ...init, headers });
    this.#store(this.#siteUrl, response);
    return response;
  }

  /** Begins a sign-in. @returns the provider's page */
  async begin(returnTo = '/', query: Record<string, string> = {}): Promise<string> {
    const response = await this.request(
      `/auth/sign-in?${new URLSearchParams({ returnTo, with: 'provider', ...query })}`,
      {
        headers: { ...navigation, 'sec-fetch-site': 'same-origin' },
      },
    );
    const location = response.headers.get('location');
    if (response.status !== 303 || location === null) {
      throw new Error(`the sign-in did not begin: ${response.status} ${await response.text()}`);
    }
    return location;
  }

  /** Chooses a person at the provider. @returns the callback with its query, as a path of the product */
  async choose(providerUrl: string, person: string): Promise<string> {
    let url = providerUrl;
    let init: RequestInit = {};
    for (let steps = 0; steps < 12; steps += 1) {
      if (url.startsWith(`${this.#siteUrl}/`)) return url.slice(this.#siteUrl.length);
      const response = await this.#atProvider(url, init);
      const location = response.headers.get('location');
      if (location !== null) {
        url = new URL(location, url).href;
        init = {};
      } else if (init.method === undefined && new URL(url).pathname.startsWith('/interaction/')) {
        init = { method: 'POST', body: new URLSearchParams({ person }) };
      } else {
        // Before another person signs in, the provider signs the previous one out: a form that a script sends.
        const html = await response.text();
        const [, action] = /<form method="post" action="([^"]+)">/.exec(html) ?? [];
        if (action === undefined)
          throw new Error(`the provider stopped at ${url}: ${response.status} ${html}`);
        url = action;
        const fields = [...html.matchAll(/name="(\w+)" value="([^"]*)"/g)];
        init = {
          method: 'POST',
          body: new URLSearchParams(fields.map(([, name = '', value = '']) => [name, value])),
        };
      }
    }
    throw new Error(`the provider did not lead back from ${providerUrl}`);
  }

  /** Enters the code of a script at the provider, and lets it act for a person. @returns the provider's last page */
  async approve(codeUrl: string, person: string): Promise<string> {
    let url = codeUrl;
    let init: RequestInit = {};
    for (let steps = 0; steps < 15; steps += 1) {
      const response = await this.#atProvider(url, init);
      const location = response.headers.get('location');
      const html = await response.text();
      const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1];
      if (location !== null) {
        url = new URL(location, url).href;
        init = {};
      } else if (new URL(url).pathname.startsWith('/interaction/')) {
        init = { method: 'POST', body: new URLSearchParams({ person }) };
      } else if (action !== undefined) {
        const fields = html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
        url = new URL(action, url).href;
        init = {
          method: 'POST',
          body: new URLSearchParams([...fields].map(([, name = '', value = '']) => [name, value])),
        };
      } else return html;
    }
    throw new Error(`the provider asks again and again at ${url}`);
  }

  /** Follows the provider's way back. */
  finish(callback: string): Promise<Response> {
    return this.request(callback, { headers: fromProvider }, { strict: false });
  }

  /** Signs a person in. @returns the last page, which leads to `returnTo` */
  async signIn(person: string, { returnTo = '/', ...query }: Record<string, string> = {}): Promise<Response> {
    const response = await this.finish(await this.choose(await this.begin(returnTo, query), person));
    if (response.status !== 200) throw new Error(`the sign-in failed: ${response.status}`);
    return response;
  }

  /** Calls a procedure as a page of the product does. */
  async call(
    procedure: string,
    input?: unknown,
    headers: Record<string, string> = fromOwnPage,
  ): Promise<{ status: number; data: unknown; reason: unknown }> {
    const response = await this.request(`/api/trpc/${procedure}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(input === undefined ? {} : superjson.serialize(input)),
    });
    const { result, error } = await response.json();
    return {
      status: response.status,
      data: result && superjson.deserialize(result.data),
      reason: error?.json.data.reason,
    };
  }

  async #atProvider(url: string, init: RequestInit): Promise<Response> {
    const { origin } = new URL(url);
    const cookie = [...this.#jar(origin)].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: cookie === '' ? {} : { cookie },
    });
    this.#store(origin, response);
    return response;
  }

  #jar(origin: string): Jar {
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    return jar;
  }

  #store(origin: string, response: Response): void {
    for (const header of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = header.split('; ');
      const [name = '', ...value] = pair.split('=');
      const deleted = attributes.some((each) => /^(max-age=0|expires=thu, 01 jan 1970)/i.test(each));
      if (deleted) this.#jar(origin).delete(name);
      else this.#jar(origin).set(name, value.join('='));
    }
  }
}

/** Returns the address to which a page of the product leads at once. */
export async function leadsTo(response: Response): Promise<string | undefined> {
  const address = /<meta http-equiv="refresh" content="0; url=([^"]*)">/.exec(await response.text())?.[1];
  return address?.replaceAll('&amp;', '&');
}
