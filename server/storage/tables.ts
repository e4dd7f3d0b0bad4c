import type { IdentityTables } from '../identity/tables.ts';
import type { MailTables } from '../mail/tables.ts';

/** One row, written to find out whether the database takes writes again. */
type WriteProbeTable = { id: number; filler: string };

/** All tables of the database. `migrations.ts` creates them. */
export type Tables = MailTables & IdentityTables & { write_probe: WriteProbeTable };
