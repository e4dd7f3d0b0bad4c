import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { limits } from '../config/limits.ts';
import type { Database } from '../storage/database.ts';
import type { Bucket } from './define-bucket.ts';
import type { FileStatus } from './tables.ts';

/** The entry of a file in the list, without its content. */
export type FileRecord = {
  id: string;
  bucket: string;
  userId: string;
  name: string;
  mediaType: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
};

/** Position in a list: the last file before it. */
type Position = { createdAt: number; id: string };

const columns = [
  'id',
  'bucket',
  'user_id as userId',
  'name',
  'media_type as mediaType',
  'bytes',
  'sha256',
  'created_at as createdAt',
] as const;

/** The list of files in the database. Each content has a row before it is stored, and until it is deleted. */
export type FileRecords = ReturnType<typeof createFileRecords>;

export function createFileRecords(db: Database) {
  /** Changes the status of a file, unless it has changed meanwhile. */
  async function transition(
    id: string,
    { from, to, ...values }: { from: FileStatus; to: FileStatus } & Partial<ContentColumns>,
  ): Promise<boolean> {
    const { numUpdatedRows } = await db.write((queries) =>
      queries
        .updateTable('stored_file')
        .set({ ...values, status: to, changed_at: db.now() })
        .where('id', '=', id)
        .where('status', '=', from)
        .executeTakeFirstOrThrow(),
    );
    return numUpdatedRows > 0n;
  }

  return {
    transition,

    /**
     * Adds a file that is not stored yet, if the user may have one more in the bucket.
     *
     * @returns its id, or undefined
     */
    reserve(
      file: { bucket: Bucket; userId: string; status: 'pending' | 'storing' } & Partial<ContentColumns>,
    ): Promise<string | undefined> {
      const { bucket, userId, status, ...content } = file;
      return db.transaction(async (transaction) => {
        // On PostgreSQL, two transactions could both count before either of them adds a file.
        await transaction
          .selectFrom('user_account')
          .select('id')
          .where('id', '=', userId)
          .$if(db.engine === 'postgres', (select) => select.forUpdate())
          .execute();
        const { count } = await transaction
          .selectFrom('stored_file')
          .select((select) => select.fn.countAll<number | string>().as('count'))
          .where('user_id', '=', userId)
          .where('bucket', '=', bucket.name)
          .where('status', '<>', 'deleted')
          .executeTakeFirstOrThrow();
        if (Number(count) >= bucket.maxFiles) return undefined;
        const id = randomUUID();
        await transaction
          .insertInto('stored_file')
          .values({
            id,
            bucket: bucket.name,
            user_id: userId,
            name: '',
            media_type: '',
            bytes: 0,
            sha256: '',
            ...content,
            status,
            created_at: db.now(),
            changed_at: db.now(),
          })
          .execute();
        return id;
      });
    },

    /** @returns the file with this status, or undefined */
    find(id: string, status: FileStatus): Promise<FileRecord | undefined> {
      return db.queries
        .selectFrom('stored_file')
        .select(columns)
        .where('id', '=', id)
        .where('status', '=', status)
        .executeTakeFirst();
    },

    /** @returns the stored files of a user, the newest first */
    list(
      userId: string,
      options: { bucket: string | undefined; after: Position | undefined; limit: number },
    ): Promise<FileRecord[]> {
      const { bucket, after, limit } = options;
      let query = db.queries
        .selectFrom('stored_file')
        .select(columns)
        .where('user_id', '=', userId)
        .where('status', '=', 'stored');
      if (bucket !== undefined) query = query.where('bucket', '=', bucket);
      if (after) {
        query = query.where(({ eb, and, or }) =>
          or([
            eb('created_at', '<', after.createdAt),
            and([eb('created_at', '=', after.createdAt), eb('id', '<', after.id)]),
          ]),
        );
      }
      return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
    },

    /** @returns the files of all users or of one, stored or not, the newest first */
    listAll(options: {
      userId: string | undefined;
      limit: number;
    }): Promise<(FileRecord & { status: FileStatus })[]> {
      let query = db.queries.selectFrom('stored_file').select([...columns, 'status']);
      if (options.userId !== undefined) query = query.where('user_id', '=', options.userId);
      return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(options.limit).execute();
    },

    /** Marks files as deleted, unless they are being stored. @returns the files */
    markDeleted(
      which: { id: string; userId?: string } | { id?: string; userId: string },
    ): Promise<FileRecord[]> {
      return db.write((queries) => {
        let query = queries
          .updateTable('stored_file')
          .set({ status: 'deleted', changed_at: db.now() })
          .where('status', 'in', ['stored', 'pending']);
        if (which.id !== undefined) query = query.where('id', '=', which.id);
        if (which.userId !== undefined) query = query.where('user_id', '=', which.userId);
        return query.returning(columns).execute();
      });
    },

    /** Marks a file as deleted, whatever its status. */
    async abandon(id: string): Promise<void> {
      await db.write((queries) =>
        queries
          .updateTable('stored_file')
          .set({ status: 'deleted', changed_at: db.now() })
          .where('id', '=', id)
          .execute(),
      );
    },

    /** Removes the row of a file whose content is gone. */
    async forget(id: string): Promise<void> {
      await db.write((queries) =>
        queries.deleteFrom('stored_file').where('id', '=', id).where('status', '<>', 'stored').execute(),
      );
    },

    /**
     * Marks uploads that were never completed as deleted.
     *
     * @returns the files whose content has to be deleted
     */
    async claimUnfinished(): Promise<FileRecord[]> {
      const oldest = sql<number>`${db.now()} - ${sql.val(limits.files.unfinishedKeptFor)}`;
      await db.write((queries) =>
        queries
          .updateTable('stored_file')
          .set({ status: 'deleted', changed_at: db.now() })
          .where('status', 'in', ['pending', 'storing'])
          .where('changed_at', '<', oldest)
          .execute(),
      );
      return db.queries
        .selectFrom('stored_file')
        .select(columns)
        .where('status', '=', 'deleted')
        .orderBy('changed_at')
        .limit(limits.files.cleanedAtOnce)
        .execute();
    },
  };
}

type ContentColumns = { name: string; media_type: string; bytes: number; sha256: string };
