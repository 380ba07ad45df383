import { svgOf } from "@ansatz/lab";

/** How one rule did on one task, as a mean over the seeds. */
export interface Course {
  readonly task: string;
  readonly rule: string;
  readonly points: readonly { readonly step: number; readonly loss: number }[];
  readonly secondsPerStep: number;
  readonly stateBytes: number;
}

const colours = "#332288 #cc6677 #117733 #44aa99 #aa4499 #999933 #882255 #88ccee #ddcc77 #777777 #e07b00 #000000";

/** A row for each task: the loss over the steps, over the time, and at the end over the bytes of the rule's state. */
export function pictureOf(courses: readonly Course[]): Promise<string> {
  const tasks = [...new Set(courses.map(({ task }) => task))];
  const rules = [...new Set(courses.map(({ rule }) => rule))];
  const colour = {
    field: "rule",
    type: "nominal",
    title: null,
    scale: { domain: rules, range: colours.split(" ") },
  } as const;
  const loss = (task: string) =>
    ({ field: "loss", type: "quantitative", title: `${task}: loss`, scale: { type: "log", zero: false } }) as const;
  const rows = tasks.map((task) => {
    const own = courses.filter((course) => course.task === task);
    const values = own.flatMap(({ rule, points, secondsPerStep }) =>
      points.map(({ step, loss: value }) => ({ rule, step, seconds: step * secondsPerStep, loss: value })),
    );
    const ends = own.map(({ rule, points, stateBytes }) => ({
      rule,
      loss: points.at(-1)!.loss,
      kilobytes: stateBytes / 1000,
    }));
    const size = { width: 300, height: 230 };
    const over = (field: "step" | "seconds", title: string) => ({
      ...size,
      data: { values },
      mark: { type: "line", strokeWidth: 1.5 } as const,
      encoding: { x: { field, type: "quantitative", title } as const, y: loss(task), color: colour },
    });
    const x = { field: "kilobytes", type: "quantitative", title: "state in kilobytes" } as const;
    return {
      hconcat: [
        over("step", "step"),
        over("seconds", "seconds of training"),
        {
          ...size,
          data: { values: ends },
          encoding: { x, y: loss(task), color: colour },
          layer: [
            { mark: { type: "point", filled: true, size: 60 } as const },
            {
              mark: { type: "text", align: "left", dx: 6, fontSize: 9 } as const,
              encoding: { text: { field: "rule", type: "nominal" } as const },
            },
          ],
        },
      ],
    };
  });
  return svgOf({ vconcat: rows });
}
