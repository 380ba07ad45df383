import { h, type ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { RunNotes } from "../messages.ts";
import { changeRuns } from "./api.ts";
import { field } from "./controls.ts";
import type { Line } from "./state.ts";

interface DialogProps {
  readonly line: Line;
  readonly close: () => void;
  /** Called when the server has changed something. */
  readonly changed: () => void;
}

/** What can be done with a run, or with all runs of a group: tags, a note, hiding, deleting. */
export function RunDialog({ line, close, changed }: DialogProps): ComponentChildren {
  const place = useRef<HTMLDialogElement>(null);
  const [asked, ask] = useState(false);
  const [problems, report] = useState<readonly string[]>([]);
  useEffect(() => place.current?.showModal(), []);
  const { runs } = line;
  const first = runs[0]!;
  const [tags, setTags] = useState(first.tags.join(", "));
  const [note, setNote] = useState(first.note);
  const what = runs.length === 1 ? first.id : `${runs.length} runs`;
  const change = async (asked: Partial<RunNotes> | "delete") => {
    const { refused } = await changeRuns({ runs: runs.map(({ id }) => id), change: asked });
    changed();
    report(refused.map(({ run, reason }) => `${run}: ${reason}`));
    if (refused.length === 0) close();
  };
  const save = () => {
    const list = tags.split(",").map((tag) => tag.trim());
    void change({ tags: [...new Set(list)].filter((tag) => tag !== ""), note });
  };
  const write = ({ currentTarget }: { readonly currentTarget: HTMLTextAreaElement }) => setNote(currentTarget.value);
  const hide = () => void change({ hidden: !first.hidden });
  const button = (text: string, onClick: () => void, kind = "") =>
    h("button", { type: "button", onClick, class: kind }, text);
  return h(
    "dialog",
    { ref: place, onClose: close, "aria-label": what },
    h("h2", {}, line.id),
    first.error !== undefined && h("p", { class: "bad" }, first.error),
    first.report &&
      runs.length === 1 &&
      h("p", {}, h("a", { href: reportOf(first.id), target: "_blank", rel: "noopener" }, "report")),
    field("tags, separated by commas", { value: tags }, ({ value }) => setTags(value)),
    h("label", {}, "note", h("textarea", { rows: 4, value: note, onInput: write })),
    problems.map((problem) => h("p", { class: "bad", role: "alert" }, problem)),
    asked
      ? h(
          "p",
          { role: "alert" },
          `Delete ${what}, with checkpoints and everything else in the folder? This cannot be undone. `,
          button(`delete ${what}`, () => void change("delete"), "bad"),
          " ",
          button("keep", () => ask(false)),
        )
      : h(
          "div",
          { class: "tools" },
          button("save", save),
          button(first.hidden ? "show in the list" : "hide from the list", hide),
          button("delete…", () => ask(true), "bad"),
          button("close", close),
        ),
  );
}

function reportOf(run: string): string {
  return `/report?${new URLSearchParams({ run }).toString()}`;
}
