import type { TokenTarget } from '../upstream-client/user-token.ts';

/** Returns the parameters of a token request. */
export function parametersOf({ parameter, value, scopes }: TokenTarget): Record<string, string> {
  return {
    ...(parameter === 'none' ? {} : { [parameter]: value }),
    ...(scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
  };
}
