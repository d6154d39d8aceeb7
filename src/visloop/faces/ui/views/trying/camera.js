// @ts-check
/** What the camera sees, until a picture is taken. */
import { div, useEffect, useRef, useState, video } from "../../lib/dom.js";
import { act, failure } from "../../lib/parts.js";

const NONE = {
  what: "The browser gives no camera.",
  fix: "Allow it for this page; the page must come from this machine or over https. Or choose a file.",
};

/** @param {{onPicture: (picture: File) => void, onClose: () => void}} properties */
export function Camera({ onPicture, onClose }) {
  const seen = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const [problem, setProblem] = useState(/** @type {typeof NONE | null} */ (null));
  const [ready, setReady] = useState(false);
  useEffect(() => {
    /** @type {MediaStream | undefined} */
    let stream;
    let left = false;
    const end = () => stream?.getTracks().forEach((each) => each.stop());
    const begin = async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        if (left) end();
        else if (seen.current) seen.current.srcObject = stream;
      } catch {
        setProblem(NONE);
      }
    };
    begin();
    return () => {
      left = true;
      end();
    };
  }, []);
  const take = () => {
    const from = seen.current;
    if (!from) return;
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [from.videoWidth, from.videoHeight];
    sheet.getContext("2d")?.drawImage(from, 0, 0);
    sheet.toBlob(
      (taken) => taken && onPicture(new File([taken], "camera.jpg", { type: "image/jpeg" })),
      "image/jpeg",
      0.92,
    );
  };
  return div(
    failure(problem),
    problem
      ? null
      : video({
          ref: seen,
          autoplay: true,
          playsinline: true,
          muted: true,
          "aria-label": "what the camera sees",
          onLoadedData: () => setReady(true),
        }),
    div(
      { class: "row" },
      problem ? null : act("Take the picture", take, { kind: "primary", disabled: !ready }),
      act("Close the camera", onClose),
    ),
  );
}
