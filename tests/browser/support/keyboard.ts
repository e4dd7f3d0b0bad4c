import type { Page } from 'playwright-core';

/** An element that was reached with the keyboard, and whether a person could see that it was. */
export type Stop = { element: string; outlined: boolean; onScreen: boolean };

/** Of radio buttons that belong together only the chosen one is a stop; arrows move on from it. */
const interactive =
  'a[href], button, input:not([type="hidden"], [tabindex="-1"], [type="radio"]:not(:checked)), textarea, select, summary, [tabindex="0"]';

/** Marks every element of the page that can be used, and gives their names in the order of the document. */
export function markInteractive(page: Page): Promise<string[]> {
  return page.evaluate((selector) => {
    /** Chromium lets one scroll with the keyboard what scrolls and has nothing to stop at in it. */
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

/** Presses Tab from the top of the page until it leaves the page or comes round, and tells each stop. */
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
    // A radio button may leave it to its label to be seen.
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
