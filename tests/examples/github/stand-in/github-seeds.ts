/** The seed data of a repository. All other fields are derived from it. */
export interface RepositorySeed {
  readonly fullName: string;
  readonly about: string;
  readonly language: string | null;
  /** SPDX id and name. */
  readonly license: readonly [id: string, name: string] | null;
  readonly topics: readonly string[];
  readonly stars: number;
  readonly releases: number;
  readonly ownerType?: 'User';
  readonly defaultBranch?: string;
  readonly archived?: true;
}

const MIT = ['MIT', 'MIT License'] as const;
const APACHE = ['Apache-2.0', 'Apache License 2.0'] as const;

export const repositorySeeds: readonly RepositorySeed[] = [
  {
    fullName: 'vercel/next.js',
    about: 'a React framework',
    language: 'JavaScript',
    license: MIT,
    topics: ['nextjs', 'react', 'ssr'],
    stars: 135_000,
    releases: 45,
    defaultBranch: 'canary',
  },
  {
    fullName: 'trpc/trpc',
    about: 'end-to-end typesafe APIs',
    language: 'TypeScript',
    license: MIT,
    topics: ['api', 'rpc', 'typescript'],
    stars: 38_000,
    releases: 32,
  },
  {
    fullName: 'colinhacks/zod',
    about: 'schema validation with static type inference',
    language: 'TypeScript',
    license: MIT,
    topics: ['schema-validation', 'typescript'],
    stars: 39_000,
    releases: 24,
    ownerType: 'User',
  },
  {
    fullName: 'TanStack/query',
    about: 'asynchronous state management',
    language: 'TypeScript',
    license: MIT,
    topics: ['cache', 'fetch', 'react'],
    stars: 47_000,
    releases: 60,
  },
  {
    fullName: 'microsoft/TypeScript',
    about: 'JavaScript with types',
    language: 'TypeScript',
    license: APACHE,
    topics: ['javascript', 'typechecker'],
    stars: 106_000,
    releases: 18,
  },
  {
    fullName: 'nodejs/undici',
    about: 'an HTTP client',
    language: 'JavaScript',
    license: MIT,
    topics: ['client', 'fetch', 'http'],
    stars: 7_200,
    releases: 40,
  },
  {
    fullName: 'octocat/Hello-World',
    about: 'a first repository, without licence, language or release',
    language: null,
    license: null,
    topics: [],
    stars: 3_000,
    releases: 0,
    ownerType: 'User',
    defaultBranch: 'master',
    archived: true,
  },
];
