import type { Adapter, AdapterPayload } from 'oidc-provider';

/** What the stand-in remembers, by kind and id. It is lost when the stand-in ends. */
export class IdentityStorage implements Adapter {
  readonly #payloads = new Map<string, AdapterPayload>();

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    this.#payloads.set(id, payload);
    if (expiresIn > 0) setTimeout(() => this.#payloads.delete(id), expiresIn * 1_000).unref();
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#payloads.get(id);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#payloads.values().find((payload) => payload.userCode === userCode);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#payloads.values().find((payload) => payload.uid === uid);
  }

  async consume(id: string): Promise<void> {
    const payload = this.#payloads.get(id);
    if (payload) payload.consumed = Math.floor(Date.now() / 1_000);
  }

  async destroy(id: string): Promise<void> {
    this.#payloads.delete(id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, payload] of this.#payloads) if (payload.grantId === grantId) this.#payloads.delete(id);
  }
}
