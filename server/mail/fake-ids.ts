import { createHmac, randomUUID } from 'node:crypto';

/**
 * Ids of mails that do not exist: a bot receives one in place of a real id. They look like real ids (UUID version 4),
 * but carry the time of acceptance and a checksum, so that every instance recognizes them without storing anything.
 */
export type FakeIds = {
  create(acceptedAt: Date): string;
  /** Returns the time passed to `create`, or undefined if the id is not a fake one. */
  acceptedAtOf(id: string): Date | undefined;
};

/**
 * Bytes 0–5 of the UUID hold the masked time, 6–9 the version, the variant and 26 random bits, 10–15 the checksum.
 * A random UUID passes for a fake one with a probability of 2^-48.
 */
const timeLength = 6;
const checksumStart = 10;

const uuidV4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/**
 * Mask and checksum are keyed with the site's URL, which all instances share and which survives a restart. The key is
 * not a secret and need not be one: a bot author who reads this file can recognize fake ids, but can also read in
 * screening.ts how to avoid them, and a forged id only gets the status of a queued mail. Never key them with a setting
 * that contains a password (DATABASE_URL, SMTP_URL): one fake id would be enough to test guesses of it offline.
 */
export function createFakeIds(siteUrl: string): FakeIds {
  const digest = (purpose: 'checksum' | 'mask', ...parts: Buffer[]) =>
    createHmac('sha256', `typed-bff fake mail ids ${siteUrl}`)
      .update(Buffer.concat([Buffer.from(purpose), ...parts]))
      .digest();
  const checksumOf = (random: Buffer, time: Buffer) =>
    digest('checksum', random, time).subarray(0, 16 - checksumStart);
  /** Masks and unmasks the time. Each id has a mask of its own, derived from its other ten bytes. */
  const maskTime = (time: Buffer, rest: Buffer) => {
    const mask = digest('mask', rest);
    return Buffer.from(time.map((byte, index) => byte ^ mask.readUInt8(index)));
  };

  return {
    create(acceptedAt) {
      const bytes = bytesOf(randomUUID());
      const time = Buffer.alloc(timeLength);
      time.writeUIntBE(acceptedAt.getTime(), 0, timeLength);
      checksumOf(bytes.subarray(timeLength, checksumStart), time).copy(bytes, checksumStart);
      maskTime(time, bytes.subarray(timeLength)).copy(bytes);
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    },
    acceptedAtOf(id) {
      if (!uuidV4.test(id)) return undefined;
      const bytes = bytesOf(id);
      const time = maskTime(bytes.subarray(0, timeLength), bytes.subarray(timeLength));
      const expected = checksumOf(bytes.subarray(timeLength, checksumStart), time);
      if (!expected.equals(bytes.subarray(checksumStart))) return undefined;
      return new Date(time.readUIntBE(0, timeLength));
    },
  };
}

function bytesOf(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}
