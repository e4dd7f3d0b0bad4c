/** Where the one typed door stands. */
export const trpcEndpoint = '/api/trpc';
