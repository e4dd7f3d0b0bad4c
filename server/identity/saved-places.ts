import { z } from 'zod';
import { limits } from '../config/limits.ts';
import type { Database } from '../storage/database.ts';

/** A place that a user wants to find again. Latitude and longitude in degrees. */
export const savedPlaceSchema = z.strictObject({
  name: z.string().min(1).max(200),
  lat: z.number().min(-90).max(90),
  lng: z.number().min(-180).max(180),
});
type SavedPlace = z.infer<typeof savedPlaceSchema>;

export const savedPlacesSchema = z.array(savedPlaceSchema).max(limits.identity.savedPlaces);

export type SavedPlaces = {
  get(userId: string): Promise<SavedPlace[]>;
  /** Replaces the places of a user. */
  put(userId: string, places: readonly SavedPlace[]): Promise<void>;
};

export function createSavedPlaces(open: () => Promise<Database>): SavedPlaces {
  return {
    async get(userId) {
      const db = await open();
      const row = await db.queries
        .selectFrom('saved_places')
        .select('places')
        .where('user_id', '=', userId)
        .executeTakeFirst();
      return row ? savedPlacesSchema.parse(JSON.parse(row.places)) : [];
    },

    async put(userId, places) {
      const db = await open();
      const row = { places: JSON.stringify(places), changed_at: db.now() };
      await db.write((queries) =>
        queries
          .insertInto('saved_places')
          .values({ user_id: userId, ...row })
          .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
          .execute(),
      );
    },
  };
}
