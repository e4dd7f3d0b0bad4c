/** One measured value. */
export type Sample = { name: string; labels: Record<string, string>; value: number };

export type Exposition = { types: Map<string, string>; samples: Sample[] };

const nameForm = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const sampleLine = new RegExp(`^(${nameForm})(?:\\{(.*)\\})? (\\S+)(?: -?\\d+)?$`);
const labelForm = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const typeLine = new RegExp(`^# TYPE (${nameForm}) (counter|gauge|histogram|summary|untyped)$`);
const helpLine = new RegExp(`^# HELP (${nameForm}) .*$`);

/**
 * Reads Prometheus' text format, strictly.
 *
 * @throws Error with the line that is none of it
 */
export function parsePrometheus(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || helpLine.test(line)) continue;
    const [, typed, type] = typeLine.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) {
      if (types.has(typed)) throw new Error(`a second type: ${line}`);
      types.set(typed, type);
      continue;
    }
    samples.push(parseSample(line));
  }
  for (const { name } of samples) {
    const family = name.replace(/_(bucket|sum|count)$/, '');
    if (!types.has(name) && !types.has(family)) throw new Error(`no type: ${name}`);
  }
  return { types, samples };
}

function parseSample(line: string): Sample {
  const [, name, labelText = '', valueText] = sampleLine.exec(line) ?? [];
  if (name === undefined || valueText === undefined) throw new Error(`no sample: ${line}`);
  const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText);
  // In any case, as Go reads it: prom-client writes Nan.
  if (Number.isNaN(value) && valueText.toLowerCase() !== 'nan') throw new Error(`no value: ${line}`);
  const labels: Record<string, string> = {};
  labelForm.lastIndex = 0;
  while (labelForm.lastIndex < labelText.length) {
    const [, label, text] = labelForm.exec(labelText) ?? [];
    if (label === undefined || text === undefined) throw new Error(`no labels: ${line}`);
    labels[label] = text;
  }
  return { name, labels, value };
}

/** The sum of all samples of a name that have these labels. */
export function total({ samples }: Exposition, name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, text]) => sample.labels[label] === text))
    .reduce((sum, { value }) => sum + value, 0);
}
