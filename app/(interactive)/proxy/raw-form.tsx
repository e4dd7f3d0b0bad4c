'use client';

import { type FormEvent, useId } from 'react';
import { ServiceKeyField } from '#app/_components/service-key-field.tsx';
import { formatBytes } from '#app/_lib/format-bytes.ts';
import { FieldControl } from './field-control.tsx';
import { formFieldsOf, inputOf, serviceKeyName, serviceKeyOf } from './form-fields.ts';
import { type ListedEndpoint, rawUrlOf } from './listed-endpoint.ts';
import { download, save, upload } from './transfer.ts';
import { TransferProgress } from './transfer-progress.tsx';
import { useTransfer } from './use-transfer.ts';

/** A form that downloads from a raw endpoint or uploads to it. */
export function RawForm({ endpoint, ready }: { endpoint: ListedEndpoint; ready: boolean }) {
  const { state, start, cancel } = useTransfer();
  const fields = formFieldsOf(endpoint.input, endpoint.example);
  const running = state.kind === 'running';

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const { params = {} } = inputOf(fields, form);
    const url = rawUrlOf(endpoint, params);
    const file = form.get('file');
    const serviceKey = serviceKeyOf(form);
    void start(async (watch) => {
      if (file instanceof File) {
        const response = await upload(url, endpoint.method, file, { ...watch, serviceKey });
        return `Sent ${formatBytes(file.size)}. Response of the upstream: ${response}`;
      }
      const received = await download(url, { ...watch, serviceKey });
      save(received, String(Object.values(params).at(-1) ?? 'download'));
      return `Received ${formatBytes(received.size)}.`;
    });
  }

  return (
    <>
      <form className="grid gap-3 sm:grid-cols-2" onSubmit={submit}>
        {fields.map((field) => (
          <FieldControl key={field.name} field={field} />
        ))}
        {endpoint.scope !== null && <ServiceKeyField scope={endpoint.scope} name={serviceKeyName} />}
        {endpoint.upload && <FileControl maxBytes={endpoint.upload.maxBytes} />}
        <div className="flex flex-wrap items-center gap-4 sm:col-span-2">
          <button type="submit" className="button" disabled={running || !ready}>
            {endpoint.upload ? (running ? 'Uploading…' : 'Upload') : running ? 'Downloading…' : 'Download'}
          </button>
          {!endpoint.upload && endpoint.scope === null && (
            <a href={rawUrlOf(endpoint, exampleParams(endpoint))} download>
              Download the example as a plain link
            </a>
          )}
        </div>
      </form>
      <TransferProgress state={state} onCancel={cancel} />
    </>
  );
}

function FileControl({ maxBytes }: { maxBytes: number }) {
  const id = useId();
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block font-medium">
        File (at most {formatBytes(maxBytes)})
      </label>
      <input id={id} className="field" type="file" name="file" required />
    </div>
  );
}

function exampleParams({ example }: ListedEndpoint): Record<string, unknown> {
  const params =
    typeof example === 'object' && example !== null && 'params' in example ? example.params : null;
  return typeof params === 'object' && params !== null ? { ...params } : {};
}
