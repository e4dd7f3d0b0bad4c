/**
 * Why a session ended before its time. `replaced`: the browser signed in again; `too_many`: the user has others;
 * `provider`: the provider ended it; `unlinked`: the user no longer signs in that way; `operator`: the operator ended it.
 */
export type SessionEnd =
  | 'signed_out'
  | 'revoked'
  | 'replaced'
  | 'too_many'
  | 'provider'
  | 'unlinked'
  | 'operator';

/** Events in the history of an account. */
export const auditKinds = [
  'signed_in',
  'signed_out',
  'session_revoked',
  'other_sessions_revoked',
  'ended_by_provider',
  'linked',
  'unlinked',
  'roles_changed',
  'ended_by_operator',
  'disabled',
  'enabled',
] as const;
export type AuditKind = (typeof auditKinds)[number];

type UserTable = {
  id: string;
  name: string | null;
  email: string | null;
  /** When the provider last said that the address belongs to the user; null if it did not. */
  email_verified_at: number | null;
  created_at: number;
  /** A disabled user has no sessions and cannot sign in. */
  disabled_at: number | null;
};

/** A user at a provider. The provider's subject identifies the user, never an address. */
type UserIdentityTable = {
  issuer: string;
  subject: string;
  user_id: string;
  /** Address or name at the issuer, for the user; null in rows of versions that did not store it. */
  label: string | null;
  linked_at: number;
  last_used_at: number;
};

type UserSessionTable = {
  id: string;
  secret_hash: string;
  user_id: string;
  issuer: string;
  /** With the issuer, the identity with which the session began; null in sessions of versions that did not store it. */
  subject: string | null;
  /** The provider's id of its own session. */
  provider_sid: string | null;
  /** Those that the provider gave. */
  roles: string;
  scopes: string;
  /** When the user last proved who they are; 0 if the provider did not say. */
  authenticated_at: number;
  created_at: number;
  last_seen_at: number;
  ends_at: number;
  ended_at: number | null;
  ended_why: SessionEnd | null;
  /** For example `Firefox on Linux`; never the header that it was derived from. */
  device: string;
  /** Hash of the binding cookie of the sign-in; null in sessions of versions that did not store it. */
  browser_hash: string | null;
  id_token_sealed: string | null;
  refresh_token_sealed: string | null;
  /** Number of refreshes so far. */
  generation: number;
  /** Names the process that refreshes the session, until `lease_until`. */
  lease: string | null;
  lease_until: number | null;
};

/** An access token of a session for one backend. `use_until`: it is refreshed from then on. */
type AccessTokenTable = {
  session_id: string;
  audience: string;
  scope: string;
  token_sealed: string;
  use_until: number;
};

/** A sign-in that has begun and waits for the provider's callback. */
type SignInTable = {
  state_hash: string;
  browser_hash: string;
  secrets_sealed: string;
  return_path: string;
  /** 1 if the user must prove who they are again. */
  fresh: number;
  created_at: number;
  ends_at: number;
};

/**
 * A sign-in by mail that was asked for. There is a row for each address that was typed, whether it may sign in or not. The
 * mail is sent from here: what is left of it ends with the row.
 */
type EmailSignInTable = {
  id: string;
  token_hash: string;
  /** Keyed hash of the code: a code has too few digits for a hash without a key. */
  code_tag: string;
  /** Number of codes that were tried. */
  code_tries: number;
  browser_hash: string;
  /** Keyed hash of the address: the next mail to it for the same browser ends this sign-in. */
  address_tag: string;
  /** The address and the device that asked. */
  details_sealed: string;
  return_path: string;
  created_at: number;
  ends_at: number;
  /** The token for the mail. Null once the mail was sent or will not be sent. */
  token_sealed: string | null;
  next_attempt_at: number;
  attempts: number;
  /** As in the table of mails. */
  unfinished: number;
  lease_token: string | null;
  lease_until: number | null;
  traceparent: string | null;
  /** The message, where mails are stored instead of sent. */
  message_sealed: string | null;
};

/** A logout of the provider that was received: a hash of the token's id, or of the session that it ends. */
type ProviderLogoutTable = { hash: string; kept_until: number };

type AuditTable = { id: string; at: number; kind: AuditKind; user_id: string; device: string };

type SavedPlacesTable = { user_id: string; places: string; changed_at: number };

/** Times are whole milliseconds since the epoch. `roles`, `scopes` and `places` are JSON arrays. */
export type IdentityTables = {
  user_account: UserTable;
  user_identity: UserIdentityTable;
  user_session: UserSessionTable;
  access_token: AccessTokenTable;
  sign_in: SignInTable;
  email_sign_in: EmailSignInTable;
  provider_logout: ProviderLogoutTable;
  audit_entry: AuditTable;
  saved_places: SavedPlacesTable;
};
