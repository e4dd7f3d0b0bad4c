import { hashText } from '#tests/support/upstreams/hash-text.ts';
import type { Repository } from './github-repositories.ts';

/** The fields of GitHub's `release` object that the stand-in supports. */
export interface Release {
  readonly id: number;
  readonly tag_name: string;
  readonly name: string | null;
  readonly html_url: string;
  readonly body: string | null;
  readonly draft: boolean;
  readonly prerelease: boolean;
  readonly created_at: string;
  readonly published_at: string | null;
}

const NEWEST = Date.UTC(2026, 5, 1, 16);
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

/** Returns a page of a repository's releases, newest first: one a week back from a fixed day. `page` starts at 1. */
export function releasesPage(
  repository: Repository,
  total: number,
  perPage: number,
  page: number,
): Release[] {
  const first = (page - 1) * perPage;
  const length = Math.max(0, Math.min(perPage, total - first));
  return Array.from({ length }, (_, offset) => release(repository, total, first + offset));
}

/** Returns the release `age` releases before the newest. Every fifth is a prerelease; some have no name or no notes. */
function release(repository: Repository, total: number, age: number): Release {
  const serial = total - age;
  const prerelease = age % 5 === 1;
  const tag = `v1.${serial}.0${prerelease ? '-rc.1' : ''}`;
  const time = NEWEST - age * WEEK_MS;
  return {
    id: hashText(`${repository.full_name}@${tag}`),
    tag_name: tag,
    name: age % 7 === 3 ? null : tag,
    html_url: `${repository.html_url}/releases/tag/${tag}`,
    body: age % 9 === 4 ? null : notes(repository, serial),
    draft: false,
    prerelease,
    created_at: isoSeconds(time - HOUR_MS),
    published_at: isoSeconds(time),
  };
}

function notes({ full_name, html_url }: Repository, serial: number): string {
  return [
    `Synthetic stand-in: the notes of release ${serial} of \`${full_name}\`.`,
    '',
    "## What's changed",
    '',
    `- fix: close what was opened ([#${1000 + serial}](${html_url}/pull/${1000 + serial}))`,
    '- feat: **faster** & smaller, for `1 < n`',
  ].join('\n');
}

/** Formats a date without milliseconds, as GitHub does. */
function isoSeconds(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
