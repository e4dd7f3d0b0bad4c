import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { productName } from '../config/product-name.ts';

/** The keys that are derived from `SESSION_SECRETS`. The first secret seals and tags; the others only open and verify. */
export type Keyring = {
  /**
   * Encrypts and authenticates a text (AES-256-GCM).
   *
   * @param place table, column and row id. A sealed text cannot be opened at another place
   */
  seal(text: string, place: string): string;
  /** @returns undefined if the text was not sealed at this place, or with a secret that is no longer listed */
  open(sealed: string, place: string): string | undefined;
  /** Returns the tag of a text: the first 8 bytes of an HMAC, in base64url. */
  tag(text: string): string;
  hasTag(text: string, tag: string): boolean;
};

type Keys = { id: string; encryption: Buffer; authentication: Buffer };

const tagBytes = 8;
const ivBytes = 12;
const authTagBytes = 16;

export function createKeyring(secrets: readonly [string, ...string[]]): Keyring {
  const [first, ...others] = secrets;
  const newest = deriveKeys(first);
  const all = [newest, ...others.map(deriveKeys)];
  return {
    seal(text, place) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', newest.encryption, iv).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${newest.id}.${sealed.toString('base64url')}`;
    },
    open(sealed, place) {
      const [id, payload = ''] = sealed.split('.', 2);
      const keys = all.find((each) => each.id === id);
      return keys && decrypt(Buffer.from(payload, 'base64url'), keys.encryption, place);
    },
    tag: (text) => tagWith(newest, text).toString('base64url'),
    hasTag(text, tag) {
      const given = Buffer.from(tag, 'base64url');
      if (given.byteLength !== tagBytes) return false;
      return all.some((keys) => timingSafeEqual(tagWith(keys, text), given));
    },
  };
}

function deriveKeys(secret: string): Keys {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', secret, '', `${productName} ${purpose}`, 32));
  const encryption = derive('seal');
  const id = createHash('sha256').update(encryption).digest('base64url').slice(0, 8);
  return { id, encryption, authentication: derive('tag') };
}

function tagWith({ authentication }: Keys, text: string): Buffer {
  return createHmac('sha256', authentication).update(text).digest().subarray(0, tagBytes);
}

function decrypt(payload: Buffer, key: Buffer, place: string): string | undefined {
  if (payload.byteLength < ivBytes + authTagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, payload.subarray(0, ivBytes), {
    authTagLength: authTagBytes,
  })
    .setAAD(Buffer.from(place))
    .setAuthTag(payload.subarray(-authTagBytes));
  try {
    return (
      decipher.update(payload.subarray(ivBytes, -authTagBytes), undefined, 'utf8') + decipher.final('utf8')
    );
  } catch {
    // The text was changed, or sealed at another place.
    return undefined;
  }
}
