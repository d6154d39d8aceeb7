// @ts-check
/**
 * One small question, asked again and again while the tab is visible: did anything happen?
 * Whatever shows state asks anew when it did, so that nothing else has to poll.
 */
import { ApiError, call } from "./api.js";

const EVERY_MS = 1500;

/** @type {Set<() => void>} */
const onFacts = new Set();
/** @type {Set<(reached: boolean) => void>} */
const onReach = new Set();
let last = -1;
let reached = true;

/**
 * @param {() => void} listener called when something happened, or when the server is back
 * @returns {() => void} stop listening
 */
export function onChange(listener) {
  onFacts.add(listener);
  return () => {
    onFacts.delete(listener);
  };
}

/**
 * @param {(reached: boolean) => void} listener
 * @returns {() => void}
 */
export function onReachable(listener) {
  onReach.add(listener);
  return () => {
    onReach.delete(listener);
  };
}

/** Whether the server answered last time. */
export const isReached = () => reached;

/** Ask now, for example after an action of one's own. */
export async function beat() {
  try {
    const { rows } = await call("facts", last < 0 ? { limit: 1 } : { after: last, limit: 20 });
    const before = last;
    last = rows.length ? rows[rows.length - 1].seq : Math.max(last, 0);
    const back = !reached;
    tell(true);
    if (back || (before >= 0 && last > before)) for (const listener of [...onFacts]) listener();
    return rows.length === 20;
  } catch (caught) {
    if (caught instanceof ApiError && caught.passing) tell(false);
    return false;
  }
}

/** @param {boolean} now */
function tell(now) {
  if (now === reached) return;
  reached = now;
  for (const listener of [...onReach]) listener(now);
}

export function start() {
  const again = async () => {
    const more = document.hidden ? false : await beat();
    setTimeout(again, more ? 0 : EVERY_MS);
  };
  again();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) beat();
  });
}
