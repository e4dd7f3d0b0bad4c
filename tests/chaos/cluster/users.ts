import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '#server/config/limits.ts';
import { TestBrowser } from '#tests/identity/browser.ts';
import { send } from '#tests/identity/send.ts';

/** Counts of the users' actions, and the guarantees that were violated. */
export type UserFigures = {
  signIns: number;
  /** Calls of a backend with the user's token. */
  calls: number;
  signOuts: number;
  /** Sign-ins, calls and sign-outs that failed as the current fault allows. */
  failed: number;
  /** Sessions that ended unexpectedly, as the current fault allows. */
  lost: number;
  violations: string[];
};

export type Users = { stop(): Promise<UserFigures> };

/** Faults in which an instance or the database is gone. */
const outage = /^(?:an instance is killed|PostgreSQL restarts)$/;
/** Time after an outage in which its failures are still allowed, in milliseconds: a failed look-up is remembered. */
const grace = limits.identity.failedLookUpFreshFor + 500;
/** Time after which a sign-out is known everywhere, also without Redis, in milliseconds. */
const known = limits.identity.sessionFreshFor + 500;
const callsPerSession = 6;

/**
 * Starts users who sign in, call a backend with their tokens and sign out, one after the other until `stop`.
 *
 * @param options.url URL of the balancer
 * @param options.siteUrl public URL of the instances
 * @param options.phase returns the current phase
 */
export function startUsers(options: {
  url: string;
  siteUrl: string;
  people: readonly string[];
  phase: () => string;
}): Users {
  const { url, siteUrl, people, phase } = options;
  const figures: UserFigures = { signIns: 0, calls: 0, signOuts: 0, failed: 0, lost: 0, violations: [] };
  let stopped = false;
  let lastOutage = Number.NEGATIVE_INFINITY;

  const isOutage = () => {
    if (outage.test(phase())) lastOutage = performance.now();
    return performance.now() - lastOutage < grace;
  };
  const newBrowser = () =>
    new TestBrowser(siteUrl, (target, init) => send(target.replace(siteUrl, url), init));

  /** Runs a step, and notes its failure: allowed if an outage began before it ended. */
  async function attempt(name: string, step: () => Promise<string | undefined>): Promise<boolean> {
    const [wasOutage, began] = [isOutage(), phase()];
    const problem = await step().catch((error: unknown) =>
      error instanceof Error ? `failed: ${error.message}` : 'failed',
    );
    if (problem === undefined) return true;
    if (!wasOutage && !isOutage()) figures.violations.push(`${began}: ${name}: ${problem}`);
    else if (problem === 'session_ended') figures.lost += 1;
    else figures.failed += 1;
    return false;
  }

  async function callBackend(browser: TestBrowser): Promise<void> {
    for (let calls = 0; calls < callsPerSession && !stopped; calls += 1) {
      await attempt('a call for a user', async () => {
        const { status, reason } = await browser.call('proxy.drafts.list', {});
        if (status !== 200) return typeof reason === 'string' ? reason : `status ${status}`;
        figures.calls += 1;
        return undefined;
      });
      await delay(250);
    }
  }

  async function signOut(browser: TestBrowser): Promise<void> {
    const cookie = browser.cookie('session') ?? '';
    const hasEnded = await attempt('a sign-out', async () => {
      const { status } = await browser.request('/auth/sign-out', {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin', origin: siteUrl },
        body: new URLSearchParams(),
      });
      return status === 200 ? undefined : `status ${status}`;
    });
    if (!hasEnded) return;
    figures.signOuts += 1;
    await delay(known);
    const old = newBrowser();
    old.setCookie('session', cookie);
    const { status } = await old.call('session.list').catch(() => ({ status: 0 }));
    if (status === 200) figures.violations.push(`${phase()}: a session goes on after its sign-out`);
  }

  async function live(person: string): Promise<void> {
    while (!stopped) {
      const browser = newBrowser();
      const isIn = await attempt('a sign-in', async () => {
        await browser.signIn(person);
        figures.signIns += 1;
        return undefined;
      });
      if (isIn) await callBackend(browser);
      if (isIn) await signOut(browser);
      await delay(50);
    }
  }
  // A phase may be shorter than a step.
  const watch = setInterval(isOutage, 20);
  const lives = people.map(live);

  return {
    async stop() {
      stopped = true;
      await Promise.all(lives);
      clearInterval(watch);
      return figures;
    },
  };
}
