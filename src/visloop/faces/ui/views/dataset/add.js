// @ts-check
/** Bring pictures in: from this computer by dropping them, or from where the server runs by their place. */
import { div, h, p, useState } from "../../lib/dom.js";
import { chosen } from "../../lib/arrivals/page.js";
import { textField } from "../../lib/forms.js";
import { panel } from "../../lib/parts.js";
import { useAnswer } from "../../lib/use.js";
import { Bring } from "./bring.js";
import { Send } from "./send.js";

/** @param {{name: string, fresh?: boolean}} properties `fresh`: the data set is still to be named */
export function Add({ name, fresh = false }) {
  const [wanted, setWanted] = useState(name || chosen.name);
  const cameras = useAnswer("camera.list", {}).data?.rows.map((each) => each.id) ?? [];
  const to = fresh ? wanted.trim() : name;
  return div(
    fresh
      ? panel(
          "",
          div(
            { class: "fields" },
            textField({
              words: "Name of the new data set",
              hint: "a-z, 0-9, '.', '_' and '-'; it is made with its first picture",
              value: wanted,
              placeholder: "photos",
              required: true,
              onValue: (value) => {
                chosen.name = value;
                setWanted(value);
              },
            }),
          ),
        )
      : null,
    div({ class: "columns even" }, div(h(Send, { name: to, cameras })), div(h(Bring, { name: to, cameras }))),
    p(
      { class: "muted" },
      "Nothing is dropped silently: what cannot be taken waits in quarantine with its reason. The same picture again changes nothing.",
    ),
  );
}
