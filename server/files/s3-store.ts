import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import {
  type ConnectionSettings,
  createDispatchers,
  send,
  type UpstreamResponse,
} from '../upstream-client/http.ts';
import type { BlobKey, BlobStore } from './blob-store.ts';

const { attempts, retryDelay, requestDeadline, storePace, presignedFor, connections } = limits.files;

export type S3Settings = ConnectionSettings &
  Pick<Env, 'BUCKETS_REGION'> & {
    /** With the bucket in its path or its host name, and an optional prefix. */
    BUCKETS_URL: string;
    BUCKETS_ACCESS_KEY_ID: string;
    BUCKETS_SECRET_ACCESS_KEY: string;
  };

type S3Request = {
  method: 'GET' | 'PUT' | 'DELETE';
  key: BlobKey;
  headers?: Record<string, string>;
  /** Hash of the body, hexadecimal. */
  sha256?: string;
  /** Opens the body of an attempt. */
  body?: () => Readable;
  /** Number of bytes in the request, for the time limit. */
  bytes?: number;
  signal: AbortSignal;
};

/** Statuses that are an answer. All others are failures. */
const expected = [200, 204, 206, 404];

/**
 * Stores contents in one bucket of an object storage that speaks S3's protocol, signed with AWS Signature Version 4
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). The storage verifies the SHA-256 of each
 * content that it receives.
 */
export function createS3Store(settings: S3Settings): BlobStore {
  const { BUCKETS_URL } = settings;
  const dispatchers = createDispatchers(BUCKETS_URL, { connections, responseBytes: 0, settings });
  const signingKeys = new Map<string, ArrayBuffer>();
  const pathOf = ({ bucket, id }: BlobKey) => `/${bucket}/${id}`;

  function signerOf(options: {
    method: string;
    url: string;
    headers: Record<string, string>;
    inQuery?: true;
  }) {
    const { inQuery = false, ...request } = options;
    return new AwsV4Signer({
      ...request,
      service: 's3',
      region: settings.BUCKETS_REGION,
      accessKeyId: settings.BUCKETS_ACCESS_KEY_ID,
      secretAccessKey: settings.BUCKETS_SECRET_ACCESS_KEY,
      cache: signingKeys,
      signQuery: inQuery,
      // Content-Type and Content-Length, too: a presigned upload has exactly the declared size.
      allHeaders: true,
    });
  }

  async function attempt({ method, key, headers = {}, sha256, body, bytes = 0, signal }: S3Request) {
    const path = pathOf(key);
    const signed = await signerOf({
      method,
      url: BUCKETS_URL + path,
      headers: { ...headers, 'x-amz-content-sha256': sha256 ?? emptyHash },
    }).sign();
    const deadline = AbortSignal.timeout(requestDeadline + Math.ceil((bytes / storePace) * 1_000));
    return send(
      dispatchers.plain,
      {
        method,
        origin: BUCKETS_URL,
        path,
        headers: Object.fromEntries(signed.headers),
        ...(body ? { body: body() } : {}),
        stallTimeout: limits.raw.stall,
      },
      // The content of a response may take longer: it is as slow as its reader.
      method === 'GET' ? signal : AbortSignal.any([signal, deadline]),
    );
  }

  /** Sends a request, and again after a failure: each of them may be repeated. */
  async function request(options: S3Request): Promise<UpstreamResponse> {
    for (let count = 1; ; count += 1) {
      try {
        const response = await attempt(options);
        if (expected.includes(response.status)) return response;
        await response.body.dump({ limit: 64 * 1024 });
        throw new StoreError(response.status);
      } catch (cause) {
        const isFinal = cause instanceof StoreError && !cause.isTransient;
        if (isFinal || count === attempts || options.signal.aborted) {
          throw new AppError('storage_unavailable', { cause });
        }
      }
      await delay(retryDelay * 2 ** (count - 1), undefined, { signal: options.signal });
    }
  }

  async function presign(method: string, path: string, headers: Record<string, string>) {
    const url = new URL(BUCKETS_URL + path);
    url.searchParams.set('X-Amz-Expires', String(presignedFor / 1_000));
    const signed = await signerOf({ method, url: url.href, headers, inQuery: true }).sign();
    return signed.url.href;
  }

  return {
    async put(key, { path, bytes, sha256 }, { mediaType, signal }) {
      const { status, body } = await request({
        method: 'PUT',
        key,
        headers: { 'content-type': mediaType, 'content-length': String(bytes) },
        sha256,
        body: () => createReadStream(path),
        bytes,
        signal,
      });
      await body.dump();
      if (status === 404) throw new AppError('storage_unavailable', { cause: new StoreError(status) });
    },

    async get(key, { range, signal }) {
      const response = await request({
        method: 'GET',
        key,
        headers: range ? { range: `bytes=${range.start}-${range.end}` } : {},
        signal,
      });
      if (response.status !== 404) return response.body;
      await response.body.dump();
      return undefined;
    },

    async remove(key, signal) {
      const { body } = await request({ method: 'DELETE', key, signal });
      await body.dump();
    },

    direct: {
      origin: new URL(BUCKETS_URL).origin,
      async uploadRequest(key, { bytes, mediaType }) {
        const headers = { 'content-type': mediaType };
        const url = await presign('PUT', pathOf(key), { ...headers, 'content-length': String(bytes) });
        return { url, headers, expiresIn: presignedFor / 1_000 };
      },
      downloadUrl(key, { contentType, contentDisposition }) {
        const query = new URLSearchParams({
          'response-content-type': contentType,
          'response-content-disposition': contentDisposition,
        });
        return presign('GET', `${pathOf(key)}?${query}`, {});
      },
    },

    close: dispatchers.close,
  };
}

/** SHA-256 of nothing. */
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** A status that the object storage should not have sent. Its text is not kept: it can have names and keys. */
class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly isTransient: boolean;

  constructor(status: number) {
    super(`the object storage responded with ${status}`);
    this.isTransient = status >= 500 || status === 429 || status === 408;
  }
}
