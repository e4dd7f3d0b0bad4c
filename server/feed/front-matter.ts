import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import { isRecord } from '../lib/is-record.ts';
import { type PostFields, readPostFields } from './post-fields.ts';

export type ParsedPost = { fields: PostFields; markdown: string } | { problems: string[] };

/**
 * Splits a post into its front matter and its Markdown. The front matter is YAML between two lines of `---`, TOML
 * between two lines of `+++`, or a JSON object.
 *
 * @returns null if the post does not start with front matter
 */
export function parsePost(source: string): ParsedPost | null {
  const block = splitFrontMatter(source);
  if (!block) return null;
  const parsed = parseBlock(block);
  if ('problem' in parsed) return { problems: [`front matter: ${parsed.problem}`] };
  if (!isRecord(parsed.data)) return { problems: ['front matter: must have the form `name: value`'] };
  const { problems, ...fields } = readPostFields(parsed.data);
  return problems.length > 0 ? { problems } : { fields, markdown: source.slice(block.length) };
}

type Format = 'yaml' | 'toml' | 'json';
type Block = { format: Format; text: string; length: number };

/** YAML, or as in Eleventy another format that is named in the first line. */
const fenced = /^---[ \t]*(?:(yaml|toml|json)[ \t]*)?\n(?:([\s\S]*?)\n)?(?:---|\.\.\.)[ \t]*(?:\n|$)/;
const fencedToml = /^\+\+\+[ \t]*\n(?:([\s\S]*?)\n)?\+\+\+[ \t]*(?:\n|$)/;
const startOfJson = /^\{\s*["}]/;

function splitFrontMatter(source: string): Block | null {
  const match = fenced.exec(source);
  if (match) {
    const format = match[1] === 'toml' || match[1] === 'json' ? match[1] : 'yaml';
    return { format, text: match[2] ?? '', length: match[0].length };
  }
  const toml = fencedToml.exec(source);
  if (toml) return { format: 'toml', text: toml[1] ?? '', length: toml[0].length };
  return startOfJson.test(source) ? splitJson(source) : null;
}

/** The object ends at the first line end where it is complete. */
function splitJson(source: string): Block {
  const blocks = Array.from(source.matchAll(/\}[ \t]*(?:\n|$)/g), ({ index }): Block => {
    const length = index + 1;
    return { format: 'json', text: source.slice(0, length), length };
  });
  const whole: Block = { format: 'json', text: source, length: source.length };
  return blocks.find((block) => 'data' in parseBlock(block)) ?? whole;
}

function parseBlock({ format, text }: Block): { data: unknown } | { problem: string } {
  try {
    if (format === 'toml') return { data: parseToml(text) };
    if (format === 'json') return { data: JSON.parse(text) };
    return { data: parseYaml(text, { logLevel: 'error' }) ?? {} };
  } catch (error) {
    const [firstLine] = error instanceof Error ? error.message.split('\n', 1) : [];
    return { problem: firstLine || `is not ${format.toUpperCase()}` };
  }
}
