/**
 * Whether the section Unreleased of a changelog (https://keepachangelog.com) has an entry that names the procedure, its
 * path in backticks.
 */
export function isAnnounced(changelog: string, path: string): boolean {
  const [, section = ''] =
    /^## \[?Unreleased\]?[^\n]*\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(changelog) ?? [];
  // An entry goes on in the lines that are indented below it.
  const entries = section.match(/^- .*(?:\n {2,}\S.*)*/gm) ?? [];
  return entries.some((entry) => entry.includes(`\`${path}\``));
}
