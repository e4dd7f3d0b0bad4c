import { createHash } from 'node:crypto';

/** The choices of the theme switch. */
export const themes = [
  { value: 'system', name: 'System' },
  { value: 'light', name: 'Light' },
  { value: 'dark', name: 'Dark' },
] as const;

/**
 * A script for the head of each page: it applies the visitor's choice before the first paint and connects the radio
 * buttons named `theme`. It is not part of the bundle, which arrives after the paint. A browser without storage follows
 * the system.
 */
export const themeScript = `(() => {
const root = document.documentElement;
const apply = (theme) => {
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  else delete root.dataset.theme;
  const choice = document.querySelector('[name="theme"][value="' + (root.dataset.theme ?? 'system') + '"]');
  if (choice) choice.checked = true;
};
const stored = () => { try { return localStorage.getItem('theme') } catch { return null } };
root.dataset.scripted = '';
apply(stored());
addEventListener('DOMContentLoaded', () => apply(stored()));
addEventListener('storage', ({ key }) => { if (key === 'theme') apply(stored()) });
addEventListener('change', ({ target }) => {
  if (target.name !== 'theme') return;
  try { localStorage.setItem('theme', target.value) } catch {}
  apply(target.value);
});
})()`;

/** For the content security policy. */
export const themeScriptHash = createHash('sha256').update(themeScript).digest('base64');
