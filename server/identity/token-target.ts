import type { TokenTarget } from '../upstream-client/user-token.ts';

/** Returns the parameters of a refresh. With `openid`, the provider may add an ID token, which has the current roles. */
export function parametersOf({ parameter, value, scopes }: TokenTarget): Record<string, string> {
  return {
    ...(parameter === 'none' ? {} : { [parameter]: value }),
    ...(scopes.length > 0 ? { scope: ['openid', ...scopes].join(' ') } : {}),
  };
}
