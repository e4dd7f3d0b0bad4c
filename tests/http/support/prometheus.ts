/** One sample of a series. */
type Sample = { name: string; labels: Record<string, string>; value: number };

export type Exposition = { types: Map<string, string>; samples: Sample[] };

const namePattern = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const sampleLine = new RegExp(`^(${namePattern})(?:\\{(.*)\\})? (\\S+)(?: -?\\d+)?$`);
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const typeLine = new RegExp(`^# TYPE (${namePattern}) (counter|gauge|histogram|summary|untyped)$`);
const helpLine = new RegExp(`^# HELP (${namePattern}) .*$`);

/**
 * Parses Prometheus' text format strictly.
 *
 * @throws Error with the first malformed line
 */
export function parsePrometheus(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line is not terminated');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || helpLine.test(line)) continue;
    const [, typed, type] = typeLine.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) {
      if (types.has(typed)) throw new Error(`duplicate type: ${line}`);
      types.set(typed, type);
      continue;
    }
    samples.push(parseSample(line));
  }
  for (const { name } of samples) {
    const family = name.replace(/_(bucket|sum|count)$/, '');
    if (!types.has(name) && !types.has(family)) throw new Error(`missing type: ${name}`);
  }
  return { types, samples };
}

function parseSample(line: string): Sample {
  const [, name, labelText = '', valueText] = sampleLine.exec(line) ?? [];
  if (name === undefined || valueText === undefined) throw new Error(`not a sample: ${line}`);
  const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText);
  // NaN in any letter case, as Go parses it: prom-client writes Nan.
  if (Number.isNaN(value) && valueText.toLowerCase() !== 'nan') throw new Error(`not a value: ${line}`);
  const labels: Record<string, string> = {};
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < labelText.length) {
    const [, label, text] = labelPattern.exec(labelText) ?? [];
    if (label === undefined || text === undefined) throw new Error(`malformed labels: ${line}`);
    labels[label] = text;
  }
  return { name, labels, value };
}

/** Returns the sum of all samples with this name and these labels. */
export function total({ samples }: Exposition, name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, text]) => sample.labels[label] === text))
    .reduce((sum, { value }) => sum + value, 0);
}
