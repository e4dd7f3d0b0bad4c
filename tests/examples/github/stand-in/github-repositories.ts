import { hashText } from '#tests/support/upstreams/hash-text.ts';
import { type RepositorySeed, repositorySeeds } from './github-seeds.ts';

/** The fields of GitHub's `full-repository` object that the stand-in supports. */
export interface Repository {
  readonly id: number;
  readonly name: string;
  readonly full_name: string;
  readonly private: boolean;
  readonly owner: {
    readonly login: string;
    readonly avatar_url: string;
    readonly html_url: string;
    readonly type: string;
  };
  readonly html_url: string;
  readonly description: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly pushed_at: string;
  readonly stargazers_count: number;
  readonly forks_count: number;
  readonly open_issues_count: number;
  readonly language: string | null;
  readonly license: { readonly spdx_id: string; readonly name: string } | null;
  readonly topics: readonly string[];
  readonly default_branch: string;
  readonly archived: boolean;
}

/** Returns a repository and its number of releases. Names are case-insensitive, as at GitHub. */
export function findRepository(fullName: string): { repository: Repository; releases: number } | undefined {
  const seed = repositorySeeds.find((known) => known.fullName.toLowerCase() === fullName.toLowerCase());
  return seed === undefined ? undefined : { repository: repositoryOf(seed), releases: seed.releases };
}

function repositoryOf(seed: RepositorySeed): Repository {
  const [login = '', name = ''] = seed.fullName.split('/');
  const noise = hashText(seed.fullName);
  return {
    id: noise,
    name,
    full_name: seed.fullName,
    private: false,
    owner: {
      login,
      avatar_url: `https://avatars.githubusercontent.com/u/${hashText(login) % 100_000_000}?v=4`,
      html_url: `https://github.com/${login}`,
      type: seed.ownerType ?? 'Organization',
    },
    html_url: `https://github.com/${seed.fullName}`,
    description: `Synthetic stand-in: ${seed.about}`,
    created_at: `${2014 + (noise % 8)}-0${1 + (noise % 9)}-1${noise % 10}T09:30:00Z`,
    updated_at: '2026-06-02T08:15:00Z',
    pushed_at: '2026-06-01T17:40:00Z',
    stargazers_count: seed.stars,
    forks_count: Math.round(seed.stars / 9),
    open_issues_count: Math.round(seed.stars / 150),
    language: seed.language,
    license: seed.license && { spdx_id: seed.license[0], name: seed.license[1] },
    topics: seed.topics,
    default_branch: seed.defaultBranch ?? 'main',
    archived: seed.archived ?? false,
  };
}
