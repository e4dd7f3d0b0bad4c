import type { Page } from 'playwright-core';

/** An element that was reached with the keyboard, and whether a person could see that it was. */
export type Stop = { element: string; outlined: boolean; onScreen: boolean };

const interactive =
  'a[href], button, input:not([type="hidden"], [tabindex="-1"]), textarea, select, summary, [tabindex="0"]';

/** Marks every element of the page that can be used, and gives their names in the order of the document. */
export function markInteractive(page: Page): Promise<string[]> {
  return page.evaluate((selector) => {
    const usable = [...document.querySelectorAll<HTMLElement>(selector)].filter(
      (element) => element.checkVisibility() && !element.matches(':disabled'),
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
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    const { top, left, bottom, right, width, height } = element.getBoundingClientRect();
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
