import type { CustomTables } from '#server/custom/tables.ts';
import type { FileTables } from '../files/tables.ts';
import type { IdentityTables } from '../identity/tables.ts';
import type { JobTables } from '../jobs/tables.ts';
import type { MailTables } from '../mail/tables.ts';

/** One row, written to find out whether the database takes writes again. */
type WriteProbeTable = { id: number; filler: string };

/** All tables of the product. `migrations.ts` creates them. */
export type ProductTables = MailTables &
  IdentityTables &
  JobTables &
  FileTables & { write_probe: WriteProbeTable };

/** All tables of the database. */
export type Tables = ProductTables & CustomTables;
