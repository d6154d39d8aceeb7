// @ts-check
/**
 * A list higher than a browser lays out. Its element is as high as it may be; near where it is looked at, a pixel of
 * scrolling is a pixel of the list, and at the end of each of many pages the element is moved back by what the list
 * is too high (as SlickGrid does). Pulling the scroll bar leads to the page that stands in proportion. Pure.
 */

/** Chromium lays out 2²⁵ px, Firefox 17.9 million; further down fractions of a pixel are lost as well. */
export const MOST_PX = 15_000_000;
const PAGES = 100;

/** Where the view's top stands in the element, and how much further down in the list. @typedef {{top: number, offset: number}} Stand */
/** `height`: of the list; `view`: of what is in sight. @typedef {{height: number, view: number}} Measure */

/** How high the element is. @param {number} height of the list */
export const laidOut = (height) => Math.min(height, MOST_PX);

/** How much further down in the list than in its element a place of it is shown. @param {number} top in the list @param {number} height of the list */
export function offsetAt(top, height) {
  if (height <= MOST_PX) return 0;
  const page = MOST_PX / PAGES;
  const pages = Math.ceil(height / page);
  const number = Math.max(0, Math.min(pages - 1, Math.floor(top / page)));
  return Math.round((number * (height - MOST_PX)) / (pages - 1));
}

/**
 * Where it stands after the element was scrolled to `top`; what it has to be scrolled by besides, `by`, is not seen.
 *
 * @param {Stand} before
 * @param {number} top in the element
 * @param {Measure} measure
 * @returns {Stand & {by: number}}
 */
export function scrolled(before, top, { height, view }) {
  if (height <= MOST_PX) return { top, offset: 0, by: 0 };
  if (Math.abs(top - before.top) < view) {
    const offset = offsetAt(top + before.offset, height);
    const by = before.offset - offset;
    return { top: top + by, offset, by };
  }
  const share = Math.max(0, Math.min(1, top / (MOST_PX - view)));
  return { top, offset: offsetAt(share * (height - view), height), by: 0 };
}
