export type Instruction = {
  name: string;
  /** The flags by name, such as `from` for `--from=build`. */
  flags: Readonly<Record<string, string>>;
  /** The words of the exec form, or undefined for the shell form. */
  words: readonly string[] | undefined;
  text: string;
};

export type Stage = { name: string; from: string; steps: Instruction[] };

const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|CMD)$/;

/**
 * Parses a Dockerfile that uses only the instructions of ours.
 *
 * @throws Error for any other instruction; extend this parser to add one
 */
export function readDockerfile(source: string): Stage[] {
  const lines = source
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Stage[] = [];
  for (const instruction of lines.map(readInstruction)) {
    if (instruction.name === 'FROM') {
      const [from = '', , name = 'final'] = instruction.text.split(' ');
      stages.push({ name, from, steps: [] });
    } else {
      stages.at(-1)?.steps.push(instruction);
    }
  }
  return stages;
}

function readInstruction(line: string): Instruction {
  const [, name = '', flags = '', text = ''] = /^(\w+)\s+((?:--[\w-]+=\S+\s+)*)(.*)$/.exec(line) ?? [];
  if (!known.test(name)) throw new Error(`unsupported instruction: ${line}`);
  return {
    name,
    flags: Object.fromEntries(
      [...flags.matchAll(/--([\w-]+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]),
    ),
    words: text.startsWith('[') ? wordsOf(text) : undefined,
    text,
  };
}

function wordsOf(text: string): string[] {
  const words: unknown = JSON.parse(text);
  if (!Array.isArray(words)) throw new Error(`not a list of words: ${text}`);
  return words.map(String);
}

/** Returns the only instruction with this name in a stage, with the command of a HEALTHCHECK as words. */
export function only(stage: Stage, name: string): Instruction {
  const [found, ...more] = stage.steps.filter((step) => step.name === name);
  if (!found || more.length > 0) throw new Error(`the stage ${stage.name} must have exactly one ${name}`);
  return name === 'HEALTHCHECK' ? { ...found, words: wordsOf(found.text.replace(/^CMD /, '')) } : found;
}
