// @ts-check
/** The rooms of the queue, as far as who looks may enter them, and what each holds for them. */
import { a, div, h, h1, nav, option, select, span } from "../../lib/dom.js";
import { empty, panel, waiting } from "../../lib/parts.js";
import { useRights } from "../../lib/rights.js";
import { address, go, useAnswer } from "../../lib/use.js";

/** @typedef {import("../../api.d.ts").QueueRow} QueueRow */
/** @typedef {{to: string, words: string, needs: string, many?: (row: QueueRow) => number}} Place */

const DECIDE = "label.review";
const MANAGE = "label.manage";

/** @type {Place[]} */
const ROOMS = [
  { to: "mine", words: "Mine", needs: "", many: (row) => row.mine },
  { to: "to-review", words: "To review", needs: DECIDE, many: (row) => row.to_review },
  { to: "disputed", words: "Disputed", needs: DECIDE, many: (row) => row.to_decide },
  { to: "agreement", words: "Agreement", needs: DECIDE },
  { to: "people", words: "People", needs: MANAGE },
  { to: "assign", words: "Give out", needs: MANAGE },
];

/** Those that who looks may enter. */
function useOpen() {
  const { may } = useRights();
  return ROOMS.filter(({ needs }) => !needs || may(needs));
}

/** The same, for the palette. */
export const useRooms = () =>
  useOpen().map(({ to, words }) => ({
    ...{ group: "Views", words: `Queue: ${words.toLowerCase()}`, to: address("queue", to) },
    run: () => go("queue", to),
  }));

/** @param {{room: string}} properties */
export function Tabs({ room }) {
  const rows = useAnswer("label.status", {}).data?.rows ?? [];
  const open = useOpen();
  return nav(
    { class: "queue-views", "aria-label": "of the queue" },
    ...open.map(({ to, words, many }) => {
      const n = many ? rows.reduce((sum, row) => sum + many(row), 0) : 0;
      return a(
        { href: address("queue", to), "aria-current": to === room ? "true" : undefined },
        words,
        n ? span({ class: "count quiet", title: `${n} for you` }, n > 9999 ? "9999+" : n) : null,
      );
    }),
  );
}

/** What stands in a room that who looks may not enter; null where they may. @param {string} room */
export function useDoor(room) {
  const { ready, may, role } = useRights();
  const needs = ROOMS.find(({ to }) => to === room)?.needs ?? "";
  if (!needs || may(needs)) return null;
  if (!ready) return waiting(null);
  return panel(
    "",
    empty(
      needs === DECIDE ? "Others decide about what people labelled" : "Others give pictures to people",
      `You are ${role || "not known"} here, which does not include \`${needs}\`. An owner gives you a role that does.`,
      `visloop user add NAME --role ${needs === DECIDE ? "reviewer" : "data-engineer"}`,
    ),
  );
}

/**
 * A room with its title, once who looks may enter it.
 * @param {{room: string, beside?: import("../../lib/dom.js").Child, show: () => import("../../lib/dom.js").Child}} properties
 */
export function Room({ room, beside, show }) {
  const shut = useDoor(room);
  return div(div({ class: "title" }, h1("Queue"), h(Tabs, { room }), shut ? null : beside), shut ?? show());
}

/** Which data set a room is about. @param {{room: string, dataset: string, all?: boolean}} properties */
export function Sets({ room, dataset, all = false }) {
  const names = useAnswer("datasets", {}).data?.rows.map((each) => each.name) ?? [];
  if (!names.length) return null;
  return select(
    {
      "aria-label": "data set",
      value: dataset,
      onChange: (/** @type {any} */ event) => go("queue", room, ...(event.target.value ? [event.target.value] : [])),
    },
    all ? option({ value: "", selected: !dataset }, "every data set") : null,
    ...names.map((each) => option({ value: each, selected: each === dataset }, each)),
  );
}
