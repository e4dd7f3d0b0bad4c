export type Instruction = {
  name: string;
  /** `--from=build` and such, by their names. */
  flags: Readonly<Record<string, string>>;
  /** The words of the form in brackets, or undefined where it is a line for the shell. */
  words: readonly string[] | undefined;
  text: string;
};

export type Stage = { name: string; from: string; steps: Instruction[] };

const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|CMD)$/;

/**
 * Reads a Dockerfile of the few instructions that ours is made of.
 *
 * @throws Error naming any other, which whoever adds it teaches this reader
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
  if (!known.test(name)) throw new Error(`An instruction that is not known here: ${line}`);
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
  if (!Array.isArray(words)) throw new Error(`Not a list of words: ${text}`);
  return words.map(String);
}

/** The one instruction of that name in a stage. A HEALTHCHECK's own command is read as words, too. */
export function only(stage: Stage, name: string): Instruction {
  const [found, ...more] = stage.steps.filter((step) => step.name === name);
  if (!found || more.length > 0) throw new Error(`${stage.name} does not have exactly one ${name}`);
  return name === 'HEALTHCHECK' ? { ...found, words: wordsOf(found.text.replace(/^CMD /, '')) } : found;
}
