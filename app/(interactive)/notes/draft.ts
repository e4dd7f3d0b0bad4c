const key = 'notes-draft';

type Draft = { userId: string; text: string };

/** Keeps what a user writes while they sign in again in this tab. */
export function keepDraft(draft: Draft): void {
  try {
    window.sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // The browser blocks storage: the text is lost when the user leaves the page.
  }
}

/** Returns and removes what was kept for a user. The text of another user is removed, too. */
export function takeDraft(userId: string): string {
  try {
    const stored = window.sessionStorage.getItem(key);
    window.sessionStorage.removeItem(key);
    const draft: Partial<Draft> = JSON.parse(stored ?? '{}');
    return draft.userId === userId && typeof draft.text === 'string' ? draft.text : '';
  } catch {
    return '';
  }
}
