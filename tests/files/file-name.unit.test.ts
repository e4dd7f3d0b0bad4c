import { expect, test } from 'vitest';
import { cleanFileName } from '#server/files/file-name.ts';

const named = (name: string | undefined, extension = 'png') => cleanFileName(name, { extension });

test.each([
  ['holiday.png', 'holiday.png'],
  ['Fête à 東京.png', 'Fête à 東京.png'],
  ['e\u0301te\u0301.png', 'été.png'],
  ['../../etc/passwd', 'passwd.png'],
  ['..\\..\\boot.ini', 'boot.ini.png'],
  ['/absolute/picture.png', 'picture.png'],
  ['C:\\Users\\ada\\picture.png', 'picture.png'],
  ['picture.png/', 'file.png'],
  ['..', 'file.png'],
  ['.htaccess', 'htaccess.png'],
  ['', 'file.png'],
  ['   ', 'file.png'],
  [undefined, 'file.png'],
  ['nul\0byte.png', 'nulbyte.png'],
  ['two\r\nlines.png', 'twolines.png'],
  ['gnp.\u202egnp.exe', 'gnp.gnp.exe.png'],
  ['zero\u200bwidth\ufeff.png', 'zerowidth.png'],
  ['a<b>:"c|d?e*.png', 'a_b___c_d_e_.png'],
  ['con', 'file-con.png'],
  ['con .png', 'file-con.png'],
  ['COM1.png', 'file-COM1.png'],
  ['lpt².png', 'file-lpt².png'],
  ['lone \ud800 surrogate.png', 'lone \ufffd surrogate.png'],
  ['picture.PNG', 'picture.PNG'],
  ['trailing dots...', 'trailing dots.png'],
])('%j becomes %j', (name, cleaned) => {
  expect(named(name)).toBe(cleaned);
});

test.each([
  ['page.html', 'png', 'page.html.png'],
  ['page.png.exe', 'png', 'page.png.exe.png'],
  ['photo.jpeg', 'jpg', 'photo.jpeg'],
  ['data.csv', 'txt', 'data.csv'],
  ['page.html', 'txt', 'page.html.txt'],
  ['letter.docx', 'zip', 'letter.docx'],
  ['run.sh', 'bin', 'run.sh.bin'],
])('%j of the type %s becomes %j', (name, extension, cleaned) => {
  expect(named(name, extension)).toBe(cleaned);
});

test('a long name keeps its extension, and has at most 240 bytes', () => {
  for (const name of [`${'x'.repeat(10_000)}.png`, `${'🌦'.repeat(5_000)}.png`, 'x'.repeat(10_000)]) {
    const cleaned = named(name);
    expect(Buffer.byteLength(cleaned)).toBe(240);
    expect(cleaned).toMatch(/\.png$/);
    expect(cleaned.isWellFormed()).toBe(true);
  }
});

test('a cleaned name stays as it is', () => {
  for (const name of ['../a', 'con', 'x'.repeat(500), '..', 'page.html', '🌦'.repeat(300)]) {
    expect(named(named(name))).toBe(named(name));
  }
});
