/** The sections for changes that break callers. Entries in other sections do not announce one. */
const sections = ['Changed', 'Removed'];

/**
 * Returns whether a changelog (https://keepachangelog.com) announces a change that breaks the callers of a procedure:
 * whether an entry under Changed or Removed of the Unreleased section contains the procedure's path in backticks.
 */
export function isAnnounced(changelog: string, path: string): boolean {
  const unreleased = changelog.split(/^## /m).find((part) => /^\[?Unreleased\b/.test(part)) ?? '';
  return unreleased
    .split(/^### /m)
    .filter((section) => sections.includes(section.split('\n', 1)[0]?.trim() ?? ''))
    .flatMap(entriesOf)
    .some((entry) => entry.includes(`\`${path}\``));
}

/** An entry includes the indented lines below it. */
function entriesOf(section: string): string[] {
  return section.match(/^- .*(?:\n {2,}\S.*)*/gm) ?? [];
}
