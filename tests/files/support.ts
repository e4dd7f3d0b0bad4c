import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import superjson from 'superjson';
import { z } from 'zod';
import type { TestBrowser } from '#tests/identity/browser.ts';

const fileSchema = z.object({
  id: z.string(),
  name: z.string(),
  mediaType: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  createdAt: z.date(),
  url: z.string(),
});
type UploadedFile = z.infer<typeof fileSchema>;

const failureSchema = z.object({
  error: z.object({
    json: z.object({
      message: z.string(),
      data: z.object({ reason: z.string(), fieldErrors: z.record(z.string(), z.unknown()).optional() }),
    }),
  }),
});
const successSchema = z.object({ result: z.object({ data: z.object({ json: z.unknown() }).loose() }) });

export type UploadResult = {
  status: number;
  file?: UploadedFile;
  reason?: string;
  message?: string;
  fieldErrors?: Record<string, unknown> | undefined;
};

/** Reads the response of `file.upload`. */
export async function uploadResult(response: Response): Promise<UploadResult> {
  const body: unknown = await response.json();
  const { status } = response;
  const failed = failureSchema.safeParse(body);
  if (failed.success) {
    const { message, data } = failed.data.error.json;
    return { status, message, ...data };
  }
  const { json, ...rest } = successSchema.parse(body).result.data;
  return { status, file: fileSchema.parse(superjson.deserialize({ json: json as never, ...rest })) };
}

export function formOf(content: BlobPart, name = 'picture.png', type = 'image/png'): FormData {
  const form = new FormData();
  form.append('file', new File([content], name, { type }));
  return form;
}

export async function upload(
  browser: TestBrowser,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<UploadResult> {
  const init = { method: 'POST', duplex: 'half', ...(await bodyOf(body, headers)) };
  return uploadResult(await browser.request('/api/trpc/file.upload', init));
}

/** Writes a form out. The stream of a form that Node makes cannot be cancelled. */
async function bodyOf(body: BodyInit, headers: Record<string, string>) {
  if (!(body instanceof FormData)) return { body, headers };
  const written = new Response(body);
  const type = written.headers.get('content-type') ?? '';
  return { body: await written.arrayBuffer(), headers: { 'content-type': type, ...headers } };
}

/** Returns the names of all files below the folder of uploads. */
export function contentsIn(dataDir: string): string[] {
  const entries = readdirSync(join(dataDir, 'files'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
