type Security = readonly Record<string, readonly string[]>[];

/** The security requirements of an operation that needs no authentication. */
export const noSecurity: Security = [];

/**
 * Returns the security requirements of an operation. A service key has rate limits of its own, so it is also accepted
 * where none is required. The required scope is in `x-scope`: the rules of Spectral accept scopes in `security` only for
 * OAuth and OpenID Connect.
 *
 * @param scope that the service key must have; null if anyone may call
 */
export function securityOf(scope: string | null): { security: Security; 'x-scope'?: string } {
  if (scope === null) return { security: [{}, { serviceKey: [] }] };
  return { security: [{ serviceKey: [] }], 'x-scope': scope };
}

export const securitySchemes = {
  serviceKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A key that the operator issued to a service. Each key has its own rate limits and scopes. `x-scope` is the scope that an operation requires.',
  },
} as const;
