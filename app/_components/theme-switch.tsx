import { themes } from '#server/site/theme.ts';

/** Chooses light or dark colours, see `themeScript`. Without JavaScript it is hidden, and the system decides. */
export function ThemeSwitch() {
  return (
    <fieldset className="theme-switch">
      <legend className="sr-only">Theme</legend>
      {themes.map(({ value, name }) => (
        <label key={value}>
          {/* None is checked: the script knows which. */}
          <input type="radio" name="theme" value={value} className="sr-only" />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
