/**
 * Returns whether the Unreleased section of a changelog (https://keepachangelog.com) has an entry that contains the
 * procedure's path in backticks.
 */
export function isAnnounced(changelog: string, path: string): boolean {
  const [, section = ''] =
    /^## \[?Unreleased\]?[^\n]*\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(changelog) ?? [];
  // An entry includes the indented lines below it.
  const entries = section.match(/^- .*(?:\n {2,}\S.*)*/gm) ?? [];
  return entries.some((entry) => entry.includes(`\`${path}\``));
}
