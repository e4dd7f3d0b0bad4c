import type { Page } from 'playwright-core';

/** An element that received focus by keyboard, and whether its focus was visible. */
export type Stop = { element: string; outlined: boolean; onScreen: boolean };

/** Only the checked radio button of a group is a tab stop. The arrow keys reach the others. */
const interactive =
  'a[href], button, input:not([type="hidden"], [tabindex="-1"], [type="radio"]:not(:checked)), textarea, select, summary, [tabindex="0"]';

/** Marks all focusable elements of the page and returns their names in document order. */
export function markInteractive(page: Page): Promise<string[]> {
  return page.evaluate((selector) => {
    /** Chromium makes a scrollable element without focusable content a tab stop. */
    const scrolls = (element: HTMLElement) =>
      element.matches('pre') &&
      (element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight);
    const usable = [...document.querySelectorAll<HTMLElement>(`${selector}, pre`)].filter(
      (element) =>
        element.checkVisibility() &&
        !element.matches(':disabled') &&
        (element.matches(selector) || scrolls(element)),
    );
    return usable.map((element, index) => {
      const text = element.getAttribute('name') ?? element.innerText.trim().split('\n', 1)[0];
      element.dataset.stop = `${index} ${element.tagName.toLowerCase()} ${text}`;
      return element.dataset.stop;
    });
  }, interactive);
}

/** Presses Tab from the top of the page until the focus leaves the page or repeats. Returns the tab stops. */
export async function tabThrough(page: Page, atMost: number): Promise<Stop[]> {
  const stops: Stop[] = [];
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
  while (stops.length < atMost) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (!stop || stops.some(({ element }) => element === stop.element)) break;
    stops.push(stop);
  }
  return stops;
}

function focused(page: Page): Promise<Stop | undefined> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return undefined;
    // The label of a hidden radio button shows its focus.
    const shown = (element.matches('[type="radio"].sr-only') && element.closest('label')) || element;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(shown);
    const { top, left, bottom, right, width, height } = shown.getBoundingClientRect();
    return {
      element: element.dataset.stop ?? `unmarked ${element.outerHTML.slice(0, 80)}`,
      outlined:
        outlineStyle !== 'none' &&
        Number.parseFloat(outlineWidth) >= 2 &&
        outlineColor !== getComputedStyle(document.body).backgroundColor &&
        !/, 0\)$/.test(outlineColor),
      onScreen: width > 1 && height > 1 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
    };
  });
}
