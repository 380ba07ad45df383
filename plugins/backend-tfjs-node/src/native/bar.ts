import cliProgress from "cli-progress";

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/**
 * A line that tells how far a long piece of work is, in bytes, and how long it will take yet: rewritten in a terminal,
 * written now and then elsewhere.
 */
export class Bar {
  readonly #bar: cliProgress.SingleBar;

  constructor(title: string) {
    this.#bar = new cliProgress.SingleBar({
      format: (_options, { progress, value, total, eta }) =>
        `  ${title}  ${Math.floor(100 * progress)} %  ${mebibytes(value)} of ${mebibytes(total)} MiB${eta > 0 ? `  ${eta} s left` : ""}`,
      noTTYOutput: true,
      notTTYSchedule: 5_000,
      hideCursor: null,
      gracefulExit: false,
    });
  }

  /** Bytes that are there already, and all that there will be. */
  begin(done: number, total: number): void {
    this.#bar.start(total, done);
  }

  update(done: number): void {
    this.#bar.update(done);
  }

  /** Says something beside the bar. */
  note(text: string): void {
    this.#bar.stop();
    process.stderr.write(`  ${text}\n`);
  }

  end(): void {
    this.#bar.stop();
  }
}
