const BLOCK_BYTES = 512;

export interface TarEntry {
  /** At most 100 bytes. The path of a folder ends with a slash. */
  readonly path: string;
  /** Undefined for a folder. */
  readonly text?: string;
}

/** Creates an uncompressed ustar archive (POSIX.1-1988). All entries have the same date (epoch ms). */
export function tarOf(entries: readonly TarEntry[], modified: number): Buffer {
  const blocks = entries.flatMap(({ path, text }) => {
    const content = Buffer.from(text ?? '');
    const padding = Buffer.alloc(-content.length & (BLOCK_BYTES - 1));
    return [header(path, content.length, modified), content, padding];
  });
  // Two empty blocks end the archive.
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function header(path: string, size: number, modified: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`too long for a ustar name: ${path}`);
  const folder = path.endsWith('/');
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(path, 0);
  block.write(octal(folder ? 0o775 : 0o664, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(Math.floor(modified / 1000), 11), 136);
  block.write(folder ? '5' : '0', 156);
  block.write('ustar\x0000', 257);
  block.write('root', 265);
  block.write('root', 297);
  // The checksum is calculated with blanks in its own field.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
