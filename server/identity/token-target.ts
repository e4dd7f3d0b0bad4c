/** Whom an access token is for. */
export type TokenTarget = {
  /** How the provider is told: by the `resource` of RFC 8707, by the `audience` of some providers, or by scopes alone. */
  parameter: 'resource' | 'audience' | 'none';
  /** The resource or audience. Empty if the parameter is `none`. */
  value: string;
  scopes: readonly string[];
};

/** Returns the parameters of a token request. */
export function parametersOf({ parameter, value, scopes }: TokenTarget): Record<string, string> {
  return {
    ...(parameter === 'none' ? {} : { [parameter]: value }),
    ...(scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
  };
}
